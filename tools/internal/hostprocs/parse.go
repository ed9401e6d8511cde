package hostprocs

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

var errStat = errors.New("not the text of /proc/PID/stat")

// stat is what matters of /proc/PID/stat.
type stat struct {
	comm      []byte // borrows the text
	ppid      uint32
	startTime uint64
	exiting   bool
}

// Fields of /proc/PID/stat as proc(5) counts them.
const (
	fieldState     = 3
	fieldPPID      = 4
	fieldFlags     = 9
	fieldStartTime = 22
)

// flagExiting is the kernel's PF_EXITING.
const flagExiting = 4

// parseStat reads "PID (COMM) STATE PPID ...". COMM may hold any byte, parentheses and line ends included, so
// that the last parenthesis is the end of it.
func parseStat(text []byte) (s stat, err error) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return stat{}, fmt.Errorf("%w: no command", errStat)
	}
	s.comm = cutComm(text[open+1 : end])
	rest := text[end+1:]
	for field := 3; field <= fieldStartTime; field++ {
		if len(rest) == 0 || rest[0] != ' ' {
			return stat{}, fmt.Errorf("%w: it ends before field %d", errStat, field)
		}
		word := rest[1:]
		if i := bytes.IndexAny(word, " \n"); i >= 0 {
			word = word[:i]
		}
		rest = rest[1+len(word):]
		ok := true
		switch field {
		case fieldState:
			s.exiting = len(word) == 1 && (word[0] == 'Z' || word[0] == 'X')
		case fieldFlags:
			var flags uint64
			flags, ok = number(word, 1<<64-1)
			s.exiting = s.exiting || flags&flagExiting != 0
		case fieldPPID:
			var ppid uint64
			ppid, ok = number(word, 1<<32-1)
			s.ppid = uint32(ppid)
		case fieldStartTime:
			s.startTime, ok = number(word, 1<<64-1)
		}
		if !ok {
			return stat{}, fmt.Errorf("%w: field %d is %.20q", errStat, field, word)
		}
	}
	return s, nil
}

// cutComm makes a command's name one that can be told: not empty, not too long, and without NUL, which the kernel
// lets nobody put there.
func cutComm(comm []byte) []byte {
	if i := bytes.IndexByte(comm, 0); i >= 0 {
		comm = comm[:i]
	}
	if len(comm) == 0 {
		return []byte{'?'}
	}
	return comm[:min(len(comm), CommMax)]
}

// number parses decimal digits.
func number(digits []byte, most uint64) (n uint64, ok bool) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		d := uint64(c - '0')
		if n > (most-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(digits) > 0
}

// isLeader reports whether the text of /proc/PID/status is that of a process, rather than of a thread of another:
// /proc has a directory for the number of each thread as well, which it does not list.
func isLeader(status []byte, pid uint32) bool {
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("Tgid:")); ok {
			n, ok := number(bytes.TrimSpace(value), 1<<32-1)
			return ok && uint32(n) == pid
		}
	}
	return false
}

// Hierarchy names a cgroup hierarchy as the lines of /proc/PID/cgroup do.
type Hierarchy struct {
	V2          bool
	Name        string   // of a named v1 hierarchy: "systemd"
	Controllers []string // of a v1 hierarchy without a name
}

// CgroupPath finds the path of a process in one hierarchy, in the text of its /proc/PID/cgroup: lines of
// "ID:CONTROLLERS:PATH". The path is borrowed from the text.
func CgroupPath(text []byte, h Hierarchy) (path []byte, ok bool) {
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		_, rest, ok := bytes.Cut(line, []byte{':'})
		if !ok {
			continue
		}
		controllers, path, ok := bytes.Cut(rest, []byte{':'})
		if ok && h.names(controllers) && len(path) > 0 && path[0] == '/' {
			return path, true
		}
	}
	return nil, false
}

// names reports whether the second field of a line means h.
func (h Hierarchy) names(controllers []byte) bool {
	switch {
	case h.V2:
		return len(controllers) == 0
	case h.Name != "":
		name, ok := bytes.CutPrefix(controllers, []byte("name="))
		if !ok { // of a hierarchy with controllers and a name the name comes last
			_, name, ok = bytes.Cut(controllers, []byte(",name="))
		}
		return ok && string(name) == h.Name
	}
	for len(controllers) > 0 && len(h.Controllers) > 0 {
		word, rest, _ := bytes.Cut(controllers, []byte{','})
		if string(word) == h.Controllers[0] {
			return true // no controller is in two hierarchies
		}
		controllers = rest
	}
	return false
}

// deleted is what the kernel puts after the path of a cgroup that was removed while the process, a zombie, still
// names it.
const deleted = " (deleted)"

// CutDeleted returns the path that a removed cgroup had, and whether it is one.
func CutDeleted(path string) (string, bool) { return strings.CutSuffix(path, deleted) }
