package shm

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

func init() {
	roles["idle"] = func() { proctest.Hear() }
	roles["scarce"] = func() {
		path := proctest.Args()[0]
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: 1024}); err != nil {
			proctest.Fail(err)
		}
		proctest.Say("found %v %v", Inspect(path).State, errors.Is(Inspect(path).Err, syscall.EMFILE))
	}
	roles["stranger"] = func() {
		found := Inspect(proctest.Args()[0])
		proctest.Say("found %v %v", found.State, errors.Is(found.Err, os.ErrPermission))
	}
}

// left writes a region as a server has left it that knows of no lock.
func left(tb testing.TB, path string, pid int) {
	tb.Helper()
	h := good
	h.OwnerPID = int32(pid)
	b := make([]byte, h.Size())
	h.put(b)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// gonePID returns the pid of a process that is no more.
func gonePID(tb testing.TB) int {
	tb.Helper()
	p := proctest.Start(tb, "idle")
	p.Kill9()
	return p.PID()
}

func TestInspect(t *testing.T) {
	dir := t.TempDir()
	path := Path(dir, "svc", 1)
	want := func(what string, state State, lock Lock) {
		t.Helper()
		if found := Inspect(path); found.State != state || found.Lock != lock {
			t.Errorf("%s: %v with lock %d (%v), want %v with lock %d", what, found.State, found.Lock, found.Err, state, lock)
		}
	}
	want("nothing", Absent, LockUntried)
	neighbour := proctest.Start(t, "idle")
	left(t, path, neighbour.PID())
	want("a deployed one", Live, LockFree)
	if found := Inspect(path); found.Header.OwnerPID != int32(neighbour.PID()) || found.Geometry != good.Geometry || found.Size != good.Size() || found.UID != uint32(os.Geteuid()) {
		t.Errorf("%+v", found)
	}
	neighbour.Kill9()
	want("a dead one", Stale, LockFree)
	left(t, path, 1)
	want("one of a process that may not be signalled", Live, LockFree)
	left(t, path, os.Getpid())
	want("our pid, which was somebody else's", Stale, LockFree)
	owner := proctest.Start(t, "own", Path(dir, "other", 1))
	owner.Await("there")
	if found := Inspect(Path(dir, "other", 1)); found.State != Live || found.Lock != LockHeld || found.OwnerPID != int32(owner.PID()) {
		t.Errorf("a live one of ours: %+v", found)
	}
	owner.Kill9()
	if found := Inspect(Path(dir, "other", 1)); found.State != Stale || found.Lock != LockFree {
		t.Errorf("a dead one of ours: %+v", found)
	}
	for what, make := range map[string]func() error{
		"short":    func() error { return os.WriteFile(path, headerBytes(nil)[:63], 0o600) },
		"no magic": func() error { return os.WriteFile(path, make([]byte, 4096), 0o600) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		want(what, Junk, LockFree)
	}
	for what, make := range map[string]func() error{
		"link": func() error { return os.Symlink("nowhere", path) },
		"fifo": func() error { return syscall.Mkfifo(path, 0o600) },
		"dir":  func() error { return os.Mkdir(path, 0o700) },
	} {
		if err := errors.Join(os.Remove(path), make()); err != nil {
			t.Fatal(err)
		}
		want(what, Junk, LockUntried)
	}
}

// Who cannot look cannot tell, and keeps what is there.
func TestInspectCannotLook(t *testing.T) {
	path := Path(t.TempDir(), "svc", 1)
	left(t, path, gonePID(t))
	if got := proctest.Start(t, "scarce", path).Await("found"); got != "unknown true" {
		t.Errorf("without descriptors: %s", got)
	}
	if os.Geteuid() == 0 {
		t.Skip("root may open every file")
	}
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if got := proctest.Start(t, "stranger", path).Await("found"); got != "unknown true" {
		t.Errorf("without permission: %s", got)
	}
}

// Sweep takes what the dead have left of this service, and nothing else.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	gone := gonePID(t)
	neighbour := proctest.Start(t, "idle")
	ours := created(t, Path(dir, "a", 1), small)
	left(t, Path(dir, "a", 2), gone)
	left(t, Path(dir, "a", 3), neighbour.PID())
	left(t, Path(dir, "a", 0xabc), os.Getpid())
	left(t, Path(dir, "a-b", 1), gone)
	left(t, dir+"/a-0000000000000004.ipcshm.old", gone)
	left(t, dir+"/a-000000000000000A.ipcshm", gone)
	if err := errors.Join(
		os.WriteFile(Path(dir, "a", 5), nil, 0o600),
		os.Symlink(Path(dir, "a-b", 1), Path(dir, "a", 6)),
		os.MkdirAll(filepath.Join(Path(dir, "a", 7), "full"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	removed, err := Sweep(dir, "a")
	if err == nil {
		t.Error("a directory that is not empty was removed")
	}
	want := []string{Path(dir, "a", 2), Path(dir, "a", 5), Path(dir, "a", 6), Path(dir, "a", 0xabc)}
	if len(removed) != len(want) {
		t.Fatalf("removed %q, want %q", removed, want)
	}
	for i := range want {
		if removed[i] != want[i] {
			t.Errorf("removed %q, want %q", removed, want)
		}
	}
	wantNames(t, dir,
		"a-0000000000000001.ipcshm", "a-0000000000000003.ipcshm", "a-0000000000000004.ipcshm.old", "a-0000000000000007.ipcshm",
		"a-000000000000000A.ipcshm", "a-b-0000000000000001.ipcshm")
	if _, err := Sweep(dir+"/none", "a"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
	if ours.Memory() == nil {
		t.Error("our region is gone")
	}
}

// The lock of a dead owner may still be there for a moment; one that stays belongs to somebody who lives elsewhere.
func TestSweepWaitsForLocks(t *testing.T) {
	dir := t.TempDir()
	gone := gonePID(t)
	var locks []*os.File
	for session := range uint64(3) {
		left(t, Path(dir, "a", session), gone)
		f, err := sys.OpenThere(Path(dir, "a", session), false)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := sys.Lock(f, false); err != nil {
			t.Fatal(err)
		}
		locks = append(locks, f)
	}
	pauses := 0
	removed, err := sweep(dir, "a", func() {
		if pauses++; pauses == 3 {
			locks[0].Close()
			locks[2].Close()
		}
	})
	if err != nil || pauses != lingerTries || len(removed) != 2 {
		t.Errorf("after %d pauses: %q, %v", pauses, removed, err)
	}
	wantNames(t, dir, "a-0000000000000001.ipcshm")
}

// Somebody who has replaced what was judged keeps his.
func TestRemoveOnlyWhatWasSeen(t *testing.T) {
	dir := t.TempDir()
	path := Path(dir, "a", 1)
	left(t, path, gonePID(t))
	found := Inspect(path)
	if !found.Removable() {
		t.Fatalf("%+v", found)
	}
	left(t, path+".new", 1)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if err := found.Remove(path); err != nil {
		t.Error(err)
	}
	wantNames(t, dir, filepath.Base(path))
	if err := (Found{}).Remove(path); err != nil {
		t.Error(err)
	}
}
