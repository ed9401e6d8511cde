package hostprocs

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tail is fields 3 to 52 of a real process.
const tail = " S 1 4711 4711 0 -1 4194560 3306 1 0 0 11 4 0 0 20 0 17 0 3217 1267712000 3015 18446744073709551615 1 1 0 0 0 0 0 0 2143420159 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

func TestParseStat(t *testing.T) {
	for _, c := range []struct {
		text, comm string
		ppid       uint32
		start      uint64
		bad        string
		exiting    bool
	}{
		{text: "4711 (netipc)" + tail, comm: "netipc", ppid: 1, start: 3217},
		{text: "1 (a) S 2) R 1 (b)" + tail, comm: "a) S 2) R 1 (b", ppid: 1, start: 3217},
		{text: "1 (two\nlines)" + tail, comm: "two\nlines", ppid: 1, start: 3217},
		{text: "1 (\xff\x1b[2J)" + tail, comm: "\xff\x1b[2J", ppid: 1, start: 3217},
		{text: "1 ()" + tail, comm: "?", ppid: 1, start: 3217},
		{text: "1 (kworker/u8:3-events_unbound)" + tail, comm: "kworker/u8:3-ev", ppid: 1, start: 3217},
		{text: "1 (a)" + strings.Replace(tail, " 1 ", " 4294967295 ", 1), comm: "a", ppid: math.MaxUint32, start: 3217},
		{text: "1 (a)" + strings.Replace(tail, " 3217 ", " 18446744073709551615 ", 1), comm: "a", ppid: 1, start: math.MaxUint64},
		{text: "1 (a)" + tail[:strings.Index(tail, " 12677")], comm: "a", ppid: 1, start: 3217}, // an old kernel has fewer fields
		{text: "1 (a)" + strings.Replace(tail, " S ", " Z ", 1), comm: "a", ppid: 1, start: 3217, exiting: true},
		{text: "1 (a)" + strings.Replace(tail, " 4194560 ", " 4194564 ", 1), comm: "a", ppid: 1, start: 3217, exiting: true},
		{text: "1 (a)" + strings.Replace(tail, " 4194560 ", " x ", 1), bad: "field 9"},
		{text: "", bad: "no command"},
		{text: "1 a S 1", bad: "no command"},
		{text: ")(", bad: "no command"},
		{text: "1 (a)", bad: "before field 3"},
		{text: "1 (a) S", bad: "before field 4"},
		{text: "1 (a) S 1 1\n", bad: "before field 6"},
		{text: "1 (a)" + strings.Replace(tail, " 1 ", " -1 ", 1), bad: "field 4"},
		{text: "1 (a)" + strings.Replace(tail, " 1 ", " 4294967296 ", 1), bad: "field 4"},
		{text: "1 (a)" + strings.Replace(tail, " 3217 ", "  ", 1), bad: "field 22"},
		{text: "1 (a)" + strings.Replace(tail, " 3217 ", " 18446744073709551616 ", 1), bad: "field 22"},
	} {
		s, err := parseStat([]byte(c.text))
		if c.bad != "" {
			if !errors.Is(err, errStat) || !strings.Contains(err.Error(), c.bad) {
				t.Errorf("%q: %+v, %v; want %q", c.text, s, err, c.bad)
			}
			continue
		}
		if err != nil || string(s.comm) != c.comm || s.ppid != c.ppid || s.startTime != c.start || s.exiting != c.exiting {
			t.Errorf("%q: %q of %d since %d, %v; want %q of %d since %d", c.text, s.comm, s.ppid, s.startTime, err, c.comm, c.ppid, c.start)
		}
	}
}

// Whatever a process calls itself, the rest is read as it is.
func TestParseStatOfAnyComm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		comm := bytes.ReplaceAll(rapid.SliceOfN(rapid.Byte(), 1, 15).Draw(t, "comm"), []byte{0}, []byte{1})
		ppid, start := rapid.Uint32().Draw(t, "ppid"), rapid.Uint64().Draw(t, "start")
		text := fmt.Appendf(nil, "7 (%s) Z %d 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", comm, ppid, start)
		s, err := parseStat(text)
		if err != nil || !bytes.Equal(s.comm, comm) || s.ppid != ppid || s.startTime != start {
			t.Fatalf("%q: %+v, %v", text, s, err)
		}
	})
}

func FuzzStat(f *testing.F) {
	f.Add([]byte("4711 (netipc)" + tail))
	f.Add([]byte("1 ()" + tail))
	f.Add([]byte("1 (a) S 1 1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseStat(text)
		if err != nil {
			if !errors.Is(err, errStat) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if len(s.comm) == 0 || len(s.comm) > CommMax || bytes.IndexByte(s.comm, 0) >= 0 {
			t.Errorf("%q: command %q", text, s.comm)
		}
		if !bytes.Contains(text, fmt.Append(nil, s.startTime)) && !bytes.Contains(text, []byte(" 0")) {
			t.Errorf("%q: nobody said %d", text, s.startTime)
		}
	})
}

const (
	cgroupsV2     = "0::/system.slice/ssh.service\n"
	cgroupsV1     = "12:memory:/m\n4:cpu,cpuacct:/c:with:colons\n3:foo,name=bar:/f\n1:name=systemd:/s\n"
	cgroupsHybrid = cgroupsV1 + "0::/u\n"
)

var (
	v2      = Hierarchy{V2: true}
	systemd = Hierarchy{Name: "systemd"}
	memory  = Hierarchy{Controllers: []string{"memory"}}
	cpu     = Hierarchy{Controllers: []string{"cpu", "cpuacct"}}
)

func TestCgroupPath(t *testing.T) {
	for _, c := range []struct {
		text string
		h    Hierarchy
		want string // "": none
	}{
		{cgroupsV2, v2, "/system.slice/ssh.service"},
		{cgroupsV2, systemd, ""},
		{cgroupsV2, memory, ""},
		{cgroupsV1, v2, ""},
		{cgroupsV1, systemd, "/s"},
		{cgroupsV1, memory, "/m"},
		{cgroupsV1, cpu, "/c:with:colons"},
		{cgroupsV1, Hierarchy{Name: "bar"}, "/f"},
		{cgroupsHybrid, v2, "/u"},
		{cgroupsHybrid, systemd, "/s"},
		{"0::/last line", v2, "/last line"},
		{"0::/", v2, "/"},
		{"0::", v2, ""},
		{"0::relative\n", v2, ""},
		{"nonsense\n0:\n0::/a\n", v2, "/a"},
		{"1:cpuacct,cpu:/x\n", cpu, "/x"},
		{"1:cpuset:/x\n", cpu, ""},
		{"", v2, ""},
		{cgroupsV1, Hierarchy{}, ""},
	} {
		path, ok := CgroupPath([]byte(c.text), c.h)
		if string(path) != c.want || ok != (c.want != "") {
			t.Errorf("%q of %+v: %q, %v; want %q", c.text, c.h, path, ok, c.want)
		}
	}
}

func FuzzCgroupPath(f *testing.F) {
	for _, s := range []string{cgroupsV2, cgroupsV1, cgroupsHybrid, "0::", ":::", "1:name=:/"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, h := range []Hierarchy{v2, systemd, memory, cpu, {}} {
			path, ok := CgroupPath(text, h)
			if ok != (len(path) > 0) || ok && (path[0] != '/' || bytes.IndexByte(path, '\n') >= 0 || !bytes.Contains(text, append([]byte{':'}, path...))) {
				t.Errorf("%q of %+v: %q, %v", text, h, path, ok)
			}
		}
	})
}

func TestIsLeader(t *testing.T) {
	const status = "Name:\tTgid: 9\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\nNgid:\t0\nPid:\t8\n"
	for text, want := range map[string]bool{status: true, strings.ReplaceAll(status, "\t7", "\t77"): false, "": false, "Tgid:\n": false, "Tgid:\tx": false, "Tgid:\t7": true} {
		if got := isLeader([]byte(text), 7); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
