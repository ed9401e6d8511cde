package shm

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

func TestAttach(t *testing.T) {
	path := Path(t.TempDir(), "svc", 1)
	server := created(t, path, good.Geometry)
	client, err := Attach(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if client.Geometry() != server.Geometry() || len(client.Memory()) != len(server.Memory()) || client.UID() != server.UID() {
		t.Errorf("%+v, %d bytes", client.Geometry(), len(client.Memory()))
	}
	server.Memory()[100] = 7
	if client.Memory()[100] != 7 {
		t.Error("the memory is not shared")
	}
	if found := Inspect(path); found.State != Live || found.Lock != LockHeld {
		t.Errorf("%+v", found)
	}
	if err := errors.Join(client.Remove(), client.Close(), client.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("a client has removed the server's region: %v", err)
	}
}

// What is not ready yet is waited for, through all the steps in which it comes to be.
func TestAttachWaits(t *testing.T) {
	path := Path(t.TempDir(), "svc", 1)
	type result struct {
		r   *Region
		err error
	}
	attached := make(chan result, 1)
	go func() {
		r, err := Attach(t.Context(), path)
		attached <- result{r, err}
	}()
	whole := make([]byte, good.Size())
	copy(whole, headerBytes(nil))
	noVersion := append([]byte(nil), whole...)
	set16(OffVersion, 0)(noVersion)
	for _, content := range [][]byte{nil, whole[:10], make([]byte, good.Size()), noVersion} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := attach(path); !errors.Is(err, ErrNotReady) {
			t.Fatalf("%d bytes: %v, %v", len(content), r, err)
		}
	}
	select {
	case got := <-attached:
		t.Fatalf("before it was ready: %+v", got)
	default:
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(whole, 0); err != nil {
		t.Fatal(err)
	}
	got := linktest.Await(t, "Attach", attached)
	if got.err != nil {
		t.Fatal(got.err)
	}
	if got.r.Geometry() != good.Geometry {
		t.Errorf("%+v", got.r.Geometry())
	}
	if err := got.r.Close(); err != nil {
		t.Error(err)
	}
}

func TestAttachGivesUp(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := dir + "/" + name
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := make([]byte, good.Size())
	copy(whole, headerBytes(nil))
	bad := append([]byte(nil), whole...)
	set16(OffVersion, 9)(bad)
	if err := errors.Join(os.Symlink(file("there", whole), dir+"/link"), syscall.Mkfifo(dir+"/fifo", 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		want error
	}{
		"missing":   {dir + "/missing", os.ErrNotExist},
		"short":     {file("short", whole[:63]), ErrNotReady},
		"empty":     {file("empty", nil), ErrNotReady},
		"no magic":  {file("magic", make([]byte, len(whole))), ErrNotReady},
		"version":   {file("version", bad), ErrBadRegion},
		"truncated": {file("truncated", whole[:len(whole)-1]), ErrBadRegion},
		"link":      {dir + "/link", syscall.ELOOP},
		"fifo":      {dir + "/fifo", ErrBadRegion},
		"directory": {dir, syscall.EISDIR},
	} {
		if r, err := AttachWhile(t.Context(), c.path, 20*time.Millisecond, wanted); !errors.Is(err, ErrCannotAttach) || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, r, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := AttachWhile(ctx, dir+"/missing", time.Hour, wanted); !errors.Is(err, ErrCannotAttach) || !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	over := errors.New("the server has left")
	if _, err := AttachWhile(t.Context(), dir+"/missing", time.Hour, func() error { return over }); !errors.Is(err, ErrCannotAttach) || !errors.Is(err, over) {
		t.Errorf("for no reason: %v", err)
	}
}

// wanted is a reason to wait.
func wanted() error { return nil }
