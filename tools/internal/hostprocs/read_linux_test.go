package hostprocs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// sleeper starts a process that waits for its standard input to end.
func sleeper(t testing.TB) *exec.Cmd {
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
	return cmd
}

// worker is a comm without what a worker of the kernel is at, or was at last, which changes from one look to the next.
func worker(comm string) string {
	if at := strings.IndexAny(comm, "+-"); at >= 0 && strings.HasPrefix(comm, "kworker/") {
		return comm[:at]
	}
	return comm
}

// What is read of each process is what another reader finds, unless the process has changed meanwhile.
func TestWalkEqualsProcfs(t *testing.T) {
	child := sleeper(t)
	other, err := procfs.NewFS("/proc")
	if err != nil {
		t.Fatal(err)
	}
	r := New(Config{})
	compared, seen := 0, map[uint32]bool{}
	report, err := r.Walk(t.Context(), func(p *Process) {
		seen[p.PID] = true
		before, err1 := other.Proc(int(p.PID))
		stat, err2 := before.Stat()
		status, err3 := before.NewStatus()
		cgroups, err4 := before.Cgroups()
		if err := errors.Join(err1, err2, err3, err4); err != nil || stat.Starttime != p.StartTime {
			return // it has ended
		}
		compared++
		if uint32(stat.PPID) != p.PPID || uint32(status.UIDs[1]) != p.UID {
			t.Errorf("%d: parent %d, uid %d; procfs says %d, %d", p.PID, p.PPID, p.UID, stat.PPID, status.UIDs[1])
		}
		if want := stat.Comm[:min(len(stat.Comm), CommMax)]; worker(string(p.Comm)) != worker(want) {
			t.Errorf("%d: %q; procfs says %q", p.PID, p.Comm, stat.Comm)
		}
		for _, c := range cgroups {
			h := Hierarchy{V2: c.HierarchyID == 0, Controllers: c.Controllers}
			if len(c.Controllers) == 1 {
				h.Name, _ = strings.CutPrefix(c.Controllers[0], "name=")
			}
			if path, ok := CgroupPath(p.Cgroups, h); ok && string(path) != c.Path {
				t.Errorf("%d: %+v: %q; procfs says %q", p.PID, h, path, c.Path)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{1, os.Getpid(), child.Process.Pid} {
		if !seen[uint32(pid)] {
			t.Errorf("process %d is missing", pid)
		}
	}
	if compared == 0 || report.Processes != len(seen) || report.Bad != 0 {
		t.Errorf("%+v, %d compared", report, compared)
	}
	t.Logf("%+v, %d compared", report, compared)
}

func TestRead(t *testing.T) {
	r := New(Config{})
	p, ok, err := r.Read(uint32(os.Getpid()))
	if err != nil || !ok || p.PPID != uint32(os.Getppid()) || p.UID != uint32(os.Geteuid()) || p.StartTime == 0 {
		t.Errorf("this process: %+v, %v, %v", p, ok, err)
	}
	for _, pid := range []uint32{0, 4294967295} {
		if p, ok, err := r.Read(pid); ok || err != nil {
			t.Errorf("%d: %+v, %v, %v", pid, p, ok, err)
		}
	}
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	if p, ok, err := r.Read(uint32(ended.Process.Pid)); ok && p.PPID == uint32(os.Getpid()) || err != nil {
		t.Errorf("one that has ended: %+v, %v, %v", p, ok, err)
	}
}

// The number of a thread is no process's, although /proc has a directory for it.
func TestReadThread(t *testing.T) {
	tid, release := make(chan int), make(chan struct{})
	go func() {
		runtime.LockOSThread() // and ends with this goroutine
		tid <- unix.Gettid()
		<-release
	}()
	defer close(release)
	number := uint32(<-tid)
	if number == uint32(os.Getpid()) {
		t.Skip("the goroutine got the first thread")
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/stat", number)); err != nil {
		t.Skip(err)
	}
	if p, ok, err := New(Config{}).Read(number); ok || err != nil {
		t.Errorf("thread %d: %+v, %v, %v", number, p, ok, err)
	}
}

// A descriptor of a process's directory stays that process's when its number is another's: no read through it
// can tell of the other.
func TestNumberUsedAgain(t *testing.T) {
	const last = "/proc/sys/kernel/ns_last_pid"
	if err := os.WriteFile(last, mustRead(t, last), 0); err != nil {
		t.Skipf("cannot choose the number of a process here: %v", err)
	}
	first := exec.Command("cat")
	in, err := first.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	pid := first.Process.Pid
	dir, err := open(unix.AT_FDCWD, fmt.Sprintf("/proc/%d", pid), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dir)
	buf := make([]byte, 1024)
	if text, err := readFile(dir, "stat", &buf); err != nil || !strings.HasPrefix(string(text), fmt.Sprint(pid, " (")) {
		t.Fatalf("%q, %v", text, err)
	}
	in.Close()
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	// Others start processes too, so that it may take a few attempts.
	for range 1000 {
		if err := os.WriteFile(last, fmt.Append(nil, pid-1), 0); err != nil {
			t.Fatal(err)
		}
		second := exec.Command("sleep", "60")
		if err := second.Start(); err != nil {
			t.Fatal(err)
		}
		again := second.Process.Pid == pid
		if again {
			p, ok, err := New(Config{}).Read(uint32(pid))
			if err != nil || !ok || p.PPID != uint32(os.Getpid()) {
				t.Errorf("the second process: %+v, %v, %v", p, ok, err)
			}
			for _, name := range []string{"stat", "status", "cgroup"} {
				text, err := readFile(dir, name, &buf)
				if err == nil || gone(err) != errGone {
					t.Errorf("%s of the first process tells of the second: %q, %v", name, text, err)
				}
			}
		}
		_ = second.Process.Kill()
		_ = second.Wait()
		if again {
			return
		}
	}
	t.Skip("nobody got the number again")
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fixture is a tree that stands for a host.
type fixture struct {
	testing.TB
	root string
}

func (f fixture) write(path, text string) {
	f.Helper()
	path = filepath.Join(f.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
}

func (f fixture) process(pid int, comm, cgroups string) {
	f.write(fmt.Sprintf("/proc/%d/stat", pid), fmt.Sprintf("%d (%s)%s", pid, comm, tail))
	f.write(fmt.Sprintf("/proc/%d/status", pid), fmt.Sprintf("Name:\t%s\nTgid:\t%d\nPid:\t%d\n", comm, pid, pid))
	if cgroups != "" {
		f.write(fmt.Sprintf("/proc/%d/cgroup", pid), cgroups)
	}
}

// What cannot be read of one process does not hide the others.
func TestWalkOddities(t *testing.T) {
	f := fixture{t, t.TempDir()}
	f.process(1, "init", cgroupsV2)
	f.process(2, "no cgroups", "")
	f.process(3, "large", strings.Repeat("9:x:/"+strings.Repeat("y", 200)+"\n", 200)+cgroupsV2)
	f.write("/proc/4/stat", "nonsense")
	f.write("/proc/5/empty", "") // it ends as it is looked at
	f.write("/proc/self/stat", "1 (self)"+tail)
	f.write("/proc/99999999999/stat", "1 (self)"+tail)
	f.write("/proc/4194305/stat", "4194305 (none)"+tail)
	f.write("/proc/6", "a file")
	type row struct {
		pid  uint32
		path string
	}
	var got []row
	report, err := New(Config{Root: f.root}).Walk(t.Context(), func(p *Process) {
		path, _ := CgroupPath(p.Cgroups, v2)
		if p.UID != uint32(os.Geteuid()) || p.PPID != 1 || p.StartTime != 3217 {
			t.Errorf("%+v", p)
		}
		got = append(got, row{p.PID, string(path)})
	})
	slices.SortFunc(got, func(a, b row) int { return int(a.pid) - int(b.pid) })
	if want := []row{{1, "/system.slice/ssh.service"}, {2, ""}, {3, "/system.slice/ssh.service"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if want := (Report{Processes: 3, Bad: 1, Vanished: 2}); report != want {
		t.Errorf("%+v, want %+v", report, want)
	}
}

func TestWalkFails(t *testing.T) {
	nothing := t.TempDir()
	if _, err := New(Config{Root: nothing}).Walk(t.Context(), func(*Process) {}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no /proc: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	left := errors.New("left")
	calls := 0
	_, err := New(Config{}).Walk(ctx, func(*Process) { calls++; cancel(left) })
	if !errors.Is(err, left) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// Descriptors that are not to be had are an error, and not processes that are not there.
func TestNoDescriptors(t *testing.T) {
	if os.Getenv("HOSTPROCS_TEST_LIMITED") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestNoDescriptors$", "-test.v")
		cmd.Env = append(os.Environ(), "HOSTPROCS_TEST_LIMITED=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	r := New(Config{})
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: 0}); err != nil {
		t.Skip(err)
	}
	if p, ok, err := r.Read(1); ok || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("%+v, %v, %v", p, ok, err)
	}
	if _, err := r.Walk(t.Context(), func(*Process) {}); !errors.Is(err, syscall.EMFILE) {
		t.Error(err)
	}
}
