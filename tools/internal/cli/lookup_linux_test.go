package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	apps "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostprovider"
)

// lookupRow is what is compared of a row.
type lookupRow struct {
	PID       int
	Status    string
	PPID      int
	UID       uint64
	StartTime uint64 `json:"start_time"`
	Comm      string
	CommHex   string `json:"comm_hex"`
	Path      string `json:"cgroup_path"`
	PathHex   string `json:"cgroup_path_hex"`
	Name      string `json:"cgroup_name"`
	State     string `json:"cgroup_status"`
}

// byProcfs is what another reader of /proc says about a process, twice the same, in the hierarchy h.
func byProcfs(pid int, h hostcgroups.Hierarchy) (row lookupRow, ok bool) {
	read := func() (row lookupRow, err error) {
		p, err := procfs.NewProc(pid)
		if err != nil {
			return row, err
		}
		stat, err := p.Stat()
		if err != nil {
			return row, err
		}
		status, err := p.NewStatus()
		if err != nil {
			return row, err
		}
		cgroups, err := p.Cgroups()
		if err != nil {
			return row, err
		}
		row = lookupRow{PID: pid, Status: "known", PPID: stat.PPID, UID: status.UIDs[1], StartTime: stat.Starttime, Comm: stat.Comm[:min(15, len(stat.Comm))]}
		for _, c := range cgroups {
			named := h.Name != "" && slices.Equal(c.Controllers, []string{"name=" + h.Name})
			shared := h.Name == "" && len(h.Controllers) > 0 && slices.Contains(c.Controllers, h.Controllers[0])
			if h.Version == 2 && c.HierarchyID == 0 || h.Version == 1 && (named || shared) {
				row.Path = c.Path
			}
		}
		if row.Path == "/" {
			row.Path = ""
		}
		return row, nil
	}
	first, err1 := read()
	second, err2 := read()
	return first, err1 == nil && err2 == nil && first == second
}

// waiter starts a process that lives until the test ends, in a cgroup.
func waiter(t *testing.T, dir string) int {
	t.Helper()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), strconv.AppendInt(nil, int64(cmd.Process.Pid), 10), 0); err != nil {
		t.Skipf("cannot put a process into a cgroup here: %v", err)
	}
	return cmd.Process.Pid
}

// What is said about all processes is what another reader of /proc finds, in cgroups that the test has made too;
// by a provider and by the embedded one.
func TestLookupAllEqualsProc(t *testing.T) {
	base := ownCgroup(t)
	found, err := hostcgroups.Detect(hostcgroups.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ours := map[int]string{}
	for _, name := range []string{"plain", "web.service", "bad\xff utf8", "deep/er"} {
		dir := filepath.Join(base, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		path, _ := found.Identity.Path(dir)
		ours[waiter(t, dir)] = path
	}
	dir := tempDir(t)
	serve(t, dir)
	for _, runDir := range []string{dir, tempDir(t)} {
		r := run(t, "lookup", "pid", "--all", "-o", "json", "--run-dir", runDir)
		r.expect(t, 0)
		var doc struct{ Processes []lookupRow }
		if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
			t.Fatal(err)
		}
		compared, seen := 0, map[int]bool{}
		for _, row := range doc.Processes {
			row.Comm, row.Path = textOf(t, row.Comm, row.CommHex), textOf(t, row.Path, row.PathHex)
			if seen[row.PID] {
				t.Errorf("%d is there twice", row.PID)
			}
			seen[row.PID] = true
			if path, ok := ours[row.PID]; ok && (row.Path != path || row.State != "known" || row.Name == "") {
				t.Errorf("%+v, and the test has put it into %q", row, path)
			}
			want, ok := byProcfs(row.PID, found.Identity)
			if !ok || want.StartTime != row.StartTime {
				continue // it has ended, or changes
			}
			row.CommHex, row.PathHex, row.Name, row.State = "", "", "", ""
			if compared++; row != want {
				// A process may have changed between the two, once: ask again.
				again := run(t, "lookup", "pid", strconv.Itoa(row.PID), "-o", "json", "--run-dir", runDir)
				var doc struct{ Processes []lookupRow }
				if err := json.Unmarshal([]byte(again.out), &doc); err != nil || len(doc.Processes) != 1 {
					t.Fatalf("%v\n%s", err, again.out)
				}
				got := doc.Processes[0]
				got.Comm, got.Path = textOf(t, got.Comm, got.CommHex), textOf(t, got.Path, got.PathHex)
				got.CommHex, got.PathHex, got.Name, got.State = "", "", "", ""
				if now, ok := byProcfs(row.PID, found.Identity); ok && now.StartTime == got.StartTime && now != got && got.Status == "known" {
					t.Errorf("%+v, procfs says %+v", got, now)
				}
			}
		}
		for pid := range ours {
			if !seen[pid] {
				t.Errorf("process %d is missing", pid)
			}
		}
		if compared < len(ours) || !seen[1] || !seen[os.Getpid()] {
			t.Errorf("%d compared of %d", compared, len(doc.Processes))
		}
		t.Logf("%d processes, %d compared", len(doc.Processes), compared)
	}
}

// spawner is a shell that starts a process for each line, with a uid, in a cgroup and under a name of its own.
type spawner struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  io.Reader
	uid  uint32
	path string
	comm string
}

func newSpawner(t *testing.T, base, bin string, h hostcgroups.Hierarchy, k int) *spawner {
	t.Helper()
	s := &spawner{uid: uint32(20_000 + k), comm: fmt.Sprintf("kind-%d", k)}
	dir := filepath.Join(base, s.comm)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.path, _ = h.Path(dir)
	program := filepath.Join(bin, s.comm)
	if err := os.Link(filepath.Join(bin, "true"), program); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.Command("sh", "-c", `while read line; do "$0"; echo; done`, program)
	s.cmd.Dir = bin
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: s.uid, Gid: s.uid}}
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if s.out, err = s.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Skipf("cannot start processes of another user: %v", err)
	}
	t.Cleanup(func() { s.in.Close(); _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), strconv.AppendInt(nil, int64(s.cmd.Process.Pid), 10), 0); err != nil {
		t.Skipf("cannot put a process into a cgroup here: %v", err)
	}
	return s
}

// run starts n processes, one after the other.
func (s *spawner) run(n int) error {
	line, answer := []byte{'\n'}, make([]byte, 1)
	for range n {
		if _, err := s.in.Write(line); err != nil {
			return fmt.Errorf("a process of the test has ended: %w", err)
		}
		if _, err := io.ReadFull(s.out, answer); err != nil {
			return fmt.Errorf("a process of the test has ended: %w", err)
		}
	}
	return nil
}

// check says what is wrong with a row, if it is a child of ours: its parent, its user, its cgroup and its name
// belong together.
func check(all []*spawner, it *apps.Item) error {
	for _, s := range all {
		parent, comm := int(it.PPID) == s.cmd.Process.Pid, it.Comm == s.comm
		if !parent && !comm {
			continue
		}
		place := it.CgroupStatus == apps.CgroupStatusKnown && it.CgroupPath == s.path
		ending := it.CgroupStatus == apps.CgroupStatusUnknownRetryLater && it.CgroupPath == "" // in v1 it has left its cgroup
		if !parent || !comm && it.Comm != "sh" || it.UID != s.uid || !place && !ending {
			return fmt.Errorf("mixed: %+v; want parent %d, uid %d, %q, %q", *it, s.cmd.Process.Pid, s.uid, s.comm, s.path)
		}
	}
	return nil
}

// 20,000 processes come and go (2,000 by default) while a consumer asks: no row mixes two, and nothing fails. Their
// numbers are used again all the time: the kernel is told to begin anew with a small range.
func TestShortLivedProcesses(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("it takes root to start processes of several users in cgroups of their own")
	}
	n := 2_000
	if os.Getenv("NETIPC_SOAK") == "1" {
		n = 20_000
	}
	base := ownCgroup(t)
	found, err := hostcgroups.Detect(hostcgroups.Config{})
	if err != nil {
		t.Fatal(err)
	}
	bin := tempDir(t)
	copyTrue(t, bin)
	const kinds = 4
	var all []*spawner
	for k := range kinds {
		all = append(all, newSpawner(t, base, bin, found.Identity, k))
	}
	dir := tempDir(t)
	spawnProvider(t, dir)
	d, err := local.NewDialer(dir, applookup.ServiceName)
	if err != nil {
		t.Fatal(err)
	}
	c := applookup.NewClient(d, applookup.Config{Config: service.Config{MaxResponsePayload: hostprovider.ResponseLimit}})
	defer c.Close()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}

	done := make(chan error, kinds)
	for _, s := range all {
		go func() { done <- s.run(n / kinds) }()
	}
	first := all[kinds-1].cmd.Process.Pid + 100
	ctx, stop := context.WithTimeout(t.Context(), stuck*4)
	defer stop()
	var pids []uint32
	for i := range 300 {
		pids = append(pids, uint32(first+i))
	}
	const last = "/proc/sys/kernel/ns_last_pid"
	var rows, ours, asks, again int
	var answer apps.Response
	seen := map[[2]uint64]bool{} // pid and start time
	for running := kinds; running > 0; asks++ {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running--
		default:
		}
		if asks%4 == 0 && os.WriteFile(last, strconv.AppendInt(nil, int64(first), 10), 0) == nil {
			again++
		}
		some := pids
		if asks%2 == 0 { // few are read when they are asked for
			at := asks * 7 % (len(pids) - 16)
			some = pids[at : at+16]
		}
		if err := c.Get(ctx, some, &answer); err != nil {
			t.Fatal(err)
		}
		for i := range answer.Items {
			it := &answer.Items[i]
			if it.Status != apps.StatusKnown {
				continue
			}
			rows++
			if err := check(all, it); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(it.Comm, "kind-") && !seen[[2]uint64{uint64(it.PID), it.StartTime}] {
				seen[[2]uint64{uint64(it.PID), it.StartTime}] = true
				ours++
			}
		}
	}
	if ours == 0 {
		t.Error("the consumer has seen none of them")
	}
	t.Logf("%d processes; %d requests, %d rows, %d of the processes seen; the numbers began anew %d times", n, asks, rows, ours, again)
}

// copyTrue puts the program true into a directory that everybody may enter.
func copyTrue(t *testing.T, dir string) {
	t.Helper()
	path, err := exec.LookPath("true")
	if err != nil {
		t.Skip(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "true"), b, 0o755); err != nil {
		t.Fatal(err)
	}
}

// Many pids that nobody has take a moment, not a read each.
func TestLookupManyUnknown(t *testing.T) {
	needCgroups(t)
	dir := tempDir(t)
	serve(t, dir)
	args := []string{"lookup", "pid", "-o", "ndjson", "--run-dir", dir, "--no-embed", "--timeout", time.Minute.String()}
	for i := range 10_000 {
		args = append(args, strconv.Itoa(3_900_000_000+i))
	}
	r := run(t, args...)
	r.expect(t, 1, "(and 9999 more of 10000 processes)")
	if n := strings.Count(r.out, `"status":"unknown"`); n != 10_000 {
		t.Errorf("%d lines", n)
	}
}

// A provider that vanishes between two questions: the next one finds none, and says so.
func TestLookupDeadProvider(t *testing.T) {
	needCgroups(t)
	dir := tempDir(t)
	p := spawnProvider(t, dir)
	pid := strconv.Itoa(os.Getpid())
	run(t, "lookup", "pid", pid, "--no-embed", "--run-dir", dir).expect(t, 0)
	p.kill(t)
	run(t, "lookup", "pid", pid, "--no-embed", "--run-dir", dir).expect(t, 3, "no provider at "+filepath.Join(dir, "apps-lookup.sock")+": start one with `netipc serve`, or give --run-dir")
	run(t, "lookup", "cgroup", "/x", "--no-embed", "--run-dir", dir).expect(t, 3, "no provider at "+filepath.Join(dir, "cgroups-lookup.sock"))
	r := run(t, "lookup", "pid", pid, "-o", "json", "--run-dir", dir)
	r.expect(t, 0, "asking one started for this")
	if !strings.Contains(r.out, `"embedded": true`) {
		t.Error(r.out)
	}
}
