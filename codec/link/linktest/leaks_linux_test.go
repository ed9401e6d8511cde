package linktest

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// keptListener keeps a planted listener from being closed by the garbage collector.
var keptListener net.Listener

func init() {
	plant["mapping"] = func(t *testing.T) (func(), string) {
		f, err := os.CreateTemp("", "linktest-left-mapped")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		defer os.Remove(f.Name())
		if err := f.Truncate(4096); err != nil {
			t.Fatal(err)
		}
		b, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
		if err != nil {
			t.Fatal(err)
		}
		return func() { syscall.Munmap(b) }, f.Name()
	}
	plant["socket"] = func(t *testing.T) (func(), string) {
		dir, err := os.MkdirTemp("", "linktest")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		name := filepath.Join(dir, "left-listening.sock")
		l, err := net.Listen("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		keptListener = l
		return func() { l.Close() }, name
	}
}
