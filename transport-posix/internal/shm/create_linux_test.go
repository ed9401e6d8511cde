package shm

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

func init() {
	roles["own"] = func() {
		if _, err := Create(proctest.Args()[0], small); err != nil {
			proctest.Fail(err)
		}
		proctest.Say("there")
		proctest.Hear()
	}
}

// small is the smallest geometry.
var small = Geometry{HeaderSize, Align, HeaderSize + Align, Align}

// created makes a region that ends with the test.
func created(tb testing.TB, path string, g Geometry) *Region {
	tb.Helper()
	r, err := Create(path, g)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := errors.Join(r.Remove(), r.Close()); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// wantNames checks what is in a directory.
func wantNames(tb testing.TB, dir string, want ...string) {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if len(got) != len(want) {
		tb.Fatalf("in %s: %q, want %q", dir, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			tb.Fatalf("in %s: %q, want %q", dir, got, want)
		}
	}
}

func TestCreate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o777)) // takes every bit
	dir := t.TempDir()
	path := Path(dir, "svc", 0xab)
	g, err := GeometryFor(link.Limits{RequestPayload: 1000, ResponsePayload: 3000})
	if err != nil {
		t.Fatal(err)
	}
	r := created(t, path, g)
	st := new(syscall.Stat_t)
	if err := syscall.Stat(path, st); err != nil {
		t.Fatal(err)
	}
	if st.Mode&0o7777 != 0o600 || uint64(st.Size) != g.Size() || uint64(st.Blocks)*512 < g.Size() {
		t.Errorf("mode %o, size %d, %d blocks; want 600, %d, and all of it there", st.Mode&0o7777, st.Size, st.Blocks, g.Size())
	}
	file, err := os.ReadFile(path)
	if err != nil || string(file) != string(r.Memory()) {
		t.Errorf("the mapping of %d bytes is not the file, of %d: %v", len(r.Memory()), len(file), err)
	}
	h, err := DecodeHeader(file, uint64(len(file)))
	pid, generation := r.Owner()
	if err != nil || h.Geometry != g || r.Geometry() != g || int(pid) != os.Getpid() || h.OwnerPID != pid || generation == 0 || h.OwnerGeneration != generation {
		t.Errorf("%+v, %v", h, err)
	}
	for i, b := range file[OffReqSeq:] {
		if b != 0 {
			t.Fatalf("byte %d is %#x", OffReqSeq+i, b)
		}
	}
	if r.Path() != path || r.UID() != uint32(os.Geteuid()) {
		t.Errorf("%s, uid %d", r.Path(), r.UID())
	}
}

// A name that is taken by something alive stays with it; the dead and the junk give way.
func TestCreateWhereSomethingIs(t *testing.T) {
	dir := t.TempDir()
	path := Path(dir, "svc", 1)
	first := created(t, path, small)
	if _, err := Create(path, small); !errors.Is(err, link.ErrAddrInUse) {
		t.Errorf("over our own: %v", err)
	}
	if err := errors.Join(first.Remove(), first.Remove()); err != nil {
		t.Error(err)
	}
	wantNames(t, dir)
	p := proctest.Start(t, "own", path)
	p.Await("there")
	if _, err := Create(path, small); !errors.Is(err, link.ErrAddrInUse) {
		t.Errorf("over a live one: %v", err)
	}
	p.Kill9()
	wantNames(t, dir, filepath.Base(path))
	second := created(t, path, small)
	if err := first.Remove(); err != nil {
		t.Error(err)
	}
	wantNames(t, dir, filepath.Base(path)) // it is no longer first's
	if err := errors.Join(second.Remove(), os.Symlink("nowhere", path)); err != nil {
		t.Fatal(err)
	}
	third := created(t, path, small)
	if err := third.Remove(); err != nil {
		t.Error(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, small); !errors.Is(err, link.ErrAddrInUse) {
		t.Errorf("over a directory: %v", err)
	}
}

// Whatever goes wrong, no file is left, and no sparse one is made.
func TestCreateFails(t *testing.T) {
	dir := t.TempDir()
	for _, fault := range []syscall.Errno{syscall.EPERM, syscall.ENOSPC, syscall.EOPNOTSUPP} {
		sys.FailReserve(fault)
		_, err := Create(Path(dir, "svc", 1), small)
		sys.FailReserve(nil)
		if !errors.Is(err, fault) || errors.Is(err, link.ErrAddrInUse) {
			t.Errorf("%v: %v", fault, err)
		}
		wantNames(t, dir)
	}
	if _, err := Create(Path(dir+"/none", "svc", 1), small); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
	created(t, Path(dir, "svc", 1), small)
}

func TestCloseAgain(t *testing.T) {
	r, err := Create(Path(t.TempDir(), "svc", 1), small)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Close(), r.Close(), r.Remove()); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(r.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
}
