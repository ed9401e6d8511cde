package peer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

func TestMain(m *testing.M) {
	Main(map[string]Role{
		"idle": func() error { select {} },
		"spin": func() error {
			for turns := new(atomic.Int64); ; {
				turns.Add(1)
			}
		},
		"fail": func() error { return errors.New("as asked") },
		"hello": func() error {
			_, err := fmt.Fprintf(os.NewFile(FirstFile, "out"), "hello from %d\n", os.Getpid())
			return err
		},
		// parent starts a child that idles, waits until it is there, and dies without a Stop.
		"parent": func() error {
			ready, w, err := os.Pipe()
			if err != nil {
				return err
			}
			out := os.NewFile(FirstFile, "out")
			if _, err := Start("orphan", out, w); err != nil {
				return err
			}
			if _, err := ready.Read(make([]byte, 1)); err != nil {
				return err
			}
			_, err = fmt.Fprintln(out, "ready")
			return err
		},
		"orphan": func() error {
			if _, err := os.NewFile(FirstFile+1, "ready").Write([]byte{1}); err != nil {
				return err
			}
			select {}
		},
	})
	os.Exit(m.Run())
}

func start(t *testing.T, role string, files ...*os.File) *Process {
	t.Helper()
	p, err := Start(role, files...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func needFiles(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no descriptors to hand over on windows")
	}
}

func TestStop(t *testing.T) {
	for _, role := range []string{"idle", "spin"} {
		p := start(t, role)
		if _, err := p.Stop(); err != nil {
			t.Errorf("%s: %v", role, err)
		}
		if !p.Gone() {
			t.Errorf("%s: still there", role)
		}
		if _, err := p.Stop(); err != nil {
			t.Errorf("%s, stopped twice: %v", role, err)
		}
	}
}

func TestFailureIsReported(t *testing.T) {
	for _, role := range []string{"fail", "unknown"} {
		p := start(t, role)
		<-p.done
		var exit *exec.ExitError
		if _, err := p.Stop(); !errors.As(err, &exit) {
			t.Errorf("%s: %v, want its exit status", role, err)
		}
	}
}

func TestFilesAreHandedOver(t *testing.T) {
	needFiles(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := start(t, "hello", w)
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if want := fmt.Sprintf("hello from %d\n", p.cmd.Process.Pid); err != nil || line != want {
		t.Errorf("%q, %v, want %q", line, err, want)
	}
	if _, err := p.Stop(); err != nil {
		t.Error(err)
	}
}

// A peer does not outlive the process that started it: the pipe that it holds open ends.
func TestOrphanEnds(t *testing.T) {
	needFiles(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := start(t, "parent", w)
	w.Close()
	in := bufio.NewReader(r)
	if line, err := in.ReadString('\n'); strings.TrimSpace(line) != "ready" {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := in.ReadByte(); err != io.EOF { // comes when the last holder of the pipe is gone
		t.Errorf("%v, want the end of the file", err)
	}
	if _, err := p.Stop(); err != nil {
		t.Error(err)
	}
}
