package hostprocs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Reader reads processes. It serves one goroutine at a time; its buffers are reused from one process to the next.
type Reader struct {
	proc                 string // "/proc"
	path                 []byte // of the process's directory, with a NUL
	stat, cgroup, status []byte
	p                    Process
}

// New returns a Reader. Nothing is read before the first call.
func New(cfg Config) *Reader {
	return &Reader{
		proc:   strings.TrimSuffix(cfg.Root, "/") + "/proc",
		stat:   make([]byte, 1<<10),
		cgroup: make([]byte, 4<<10),
		status: make([]byte, 4<<10),
	}
}

// errGone: there is no such process, or not any more.
var errGone = errors.New("no such process")

// Walk calls use with every process that was there from the start of the walk to its end, and with some of those
// that came or went meanwhile. Errors: the cause of ctx; what the system says about /proc itself.
func (r *Reader) Walk(ctx context.Context, use func(*Process)) (Report, error) {
	var report Report
	dir, err := os.Open(r.proc)
	if err != nil {
		return report, fmt.Errorf("which processes there are: %w", err)
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(1024)
		for _, name := range names {
			pid, ok := number([]byte(name), MaxPID)
			if !ok {
				continue
			}
			if ctx.Err() != nil {
				return report, context.Cause(ctx)
			}
			switch p, err := r.read(uint32(pid), false); {
			case err == nil:
				report.Processes++
				use(p)
			case errors.Is(err, errGone):
				report.Vanished++
			case errors.Is(err, os.ErrPermission):
				report.Denied++
			case errors.Is(err, errStat):
				report.Bad++
			default:
				return report, fmt.Errorf("read process %d: %w", pid, err)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return report, nil
		case err != nil:
			return report, fmt.Errorf("which processes there are: %w", err)
		}
	}
}

// PIDs lists the processes that there are, without reading them. Errors: what the system says about /proc itself.
func PIDs(cfg Config) (all []uint32, err error) {
	dir, err := os.Open(New(cfg).proc)
	if err != nil {
		return nil, fmt.Errorf("which processes there are: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("which processes there are: %w", err)
	}
	for _, name := range names {
		if pid, ok := number([]byte(name), MaxPID); ok {
			all = append(all, uint32(pid))
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// Read reads one process, and no thread of one. ok is false if there is none of that number, or it may not be
// read. The process is borrowed until the Reader is used again. Errors: what the system refuses for other reasons.
func (r *Reader) Read(pid uint32) (p *Process, ok bool, err error) {
	p, err = r.read(pid, true)
	switch {
	case err == nil:
		return p, true, nil
	case errors.Is(err, errGone), errors.Is(err, os.ErrPermission), errors.Is(err, errStat):
		return nil, false, nil
	}
	return nil, false, fmt.Errorf("read process %d: %w", pid, err)
}

// read reads one process through a descriptor of its directory. alone says that nobody has listed it, so that it
// may be a thread.
func (r *Reader) read(pid uint32, alone bool) (*Process, error) {
	r.path = strconv.AppendUint(append(append(r.path[:0], r.proc...), '/'), uint64(pid), 10)
	dir, err := open(unix.AT_FDCWD, string(r.path), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, gone(err)
	}
	defer unix.Close(dir)
	// The owner of the directory is the effective uid, always: the kernel sees to that for those who do not want to
	// have it print /proc/PID/status.
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(dir, &st) }); err != nil {
		return nil, gone(err)
	}
	// Before the rest: of a process that has not begun to end after this was read, it was the place in life.
	cgroups, err := readFile(dir, "cgroup", &r.cgroup)
	switch {
	case errors.Is(err, os.ErrPermission):
		cgroups = nil
	case errors.Is(err, unix.ENOENT) && r.exists(dir):
		cgroups = nil // a kernel without cgroups
	case err != nil:
		return nil, gone(err)
	}
	text, err := readFile(dir, "stat", &r.stat)
	if err != nil {
		return nil, gone(err)
	}
	s, err := parseStat(text)
	if err != nil {
		return nil, err
	}
	if alone {
		status, err := readFile(dir, "status", &r.status)
		if err != nil {
			return nil, gone(err)
		}
		if !isLeader(status, pid) {
			return nil, errGone
		}
	}
	r.p = Process{PID: pid, PPID: s.ppid, UID: st.Uid, StartTime: s.startTime, Exiting: s.exiting, Comm: s.comm, Cgroups: cgroups}
	return &r.p, nil
}

// exists reports whether the process still does.
func (r *Reader) exists(dir int) bool {
	var st unix.Stat_t
	return retry(func() error { return unix.Fstatat(dir, "stat", &st, 0) }) == nil
}

// gone makes errGone of what the system says when a process has ended.
func gone(err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENOTDIR) {
		return errGone
	}
	return err
}

func open(at int, path string, flags int) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(at, path, flags|unix.O_CLOEXEC, 0)
		return err
	})
	return fd, err
}

func retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

// maxFile bounds a file of a process. The kernel's are far shorter.
const maxFile = 1 << 20

// readFile reads a whole file below the directory at into buf, which it enlarges.
func readFile(at int, name string, buf *[]byte) ([]byte, error) {
	fd, err := open(at, name, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	for n := 0; ; {
		var more int
		err := retry(func() error {
			more, err = unix.Read(fd, (*buf)[n:])
			return err
		})
		if err != nil {
			return nil, err
		}
		if n += more; more == 0 || n >= maxFile {
			return (*buf)[:n], nil
		}
		if n == len(*buf) {
			*buf = append(*buf, make([]byte, len(*buf))...)
		}
	}
}
