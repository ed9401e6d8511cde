package v3peer

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

const (
	code            = 1 // INCREMENT
	requestPayload  = 1000
	responsePayload = 3000
)

// increments answers with the next number.
func increments(_ wire.Header, payload, out []byte) (int, error) {
	if len(payload) != 8 {
		return 0, ErrBadMessage
	}
	binary.NativeEndian.PutUint64(out, binary.NativeEndian.Uint64(payload)+1)
	return 8, nil
}

// listen returns a listener in a directory of its own.
func listen(t *testing.T) (*Listener, posix.Config) {
	t.Helper()
	where := posix.Config{RunDir: t.TempDir(), Service: "increment"}
	l, err := Listen(where, requestPayload, responsePayload)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, where
}

// serve accepts one session and serves it until it ends.
func serve(l *Listener) <-chan error {
	served := make(chan error, 1)
	go func() {
		s, err := l.Accept()
		if err == nil {
			err = errors.Join(s.Serve(increments), s.Close())
		}
		served <- err
	}()
	return served
}

func TestSession(t *testing.T) {
	l, where := listen(t)
	for id := uint64(1); id <= 2; id++ {
		served := serve(l)
		s, err := Dial(where, 500, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Ack.SessionID != id || s.Ack.MaxRequestPayload != 500 || s.Ack.MaxResponsePayload != responsePayload {
			t.Errorf("agreed: %+v", s.Ack)
		}
		path, err := posix.SHMPath(where.RunDir, where.Service, id)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != 0o600 || info.Size() != PlanFor(requestPayload, responsePayload).Size() {
			t.Errorf("the file of the region: %v, %v", info, err)
		}
		c, last := NewCaller(s), uint64(0)
		for range 100 {
			binary.NativeEndian.PutUint64(c.Request(), last)
			answer, err := c.Call(code, 8)
			if err != nil || len(answer) != 8 || binary.NativeEndian.Uint64(answer) != last+1 {
				t.Fatalf("%x, %v answers %d", answer, err, last)
			}
			last++
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := linktest.Await(t, "the server", served); err != nil {
			t.Errorf("the server: %v, want none: the client has gone", err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file of the region, afterwards: %v", err)
		}
	}
}

// A client learns that the server is gone, also while it waits.
func TestServerGone(t *testing.T) {
	l, where := listen(t)
	got := make(chan error, 1)
	go func() {
		s, err := l.Accept()
		if err == nil {
			_, err = s.Consume(make([]byte, 100))
			err = errors.Join(err, s.Close())
		}
		got <- err
	}()
	s, err := Dial(where, requestPayload, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if answer, err := NewCaller(s).Call(code, 8); !errors.Is(err, ErrPeerGone) {
		t.Errorf("%x, %v, want %v", answer, err, ErrPeerGone)
	}
	if err := linktest.Await(t, "the server", got); err != nil {
		t.Error(err)
	}
}

// A client that asks for too much is told so, and leaves nothing.
func TestRefusedClient(t *testing.T) {
	l, where := listen(t)
	served := serve(l)
	var no *link.RefusedError
	if _, err := Dial(where, requestPayload+1, nil); !errors.As(err, &no) || no.Status != wire.StatusLimitExceeded {
		t.Errorf("%v, want a refusal with %v", err, wire.StatusLimitExceeded)
	}
	if err := linktest.Await(t, "the server", served); err == nil {
		t.Error("the server says nothing about the client that it refused")
	}
	left, err := os.ReadDir(where.RunDir)
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v, want the socket alone", left, err)
	}
}

// A region that is not ready yet is waited for.
func TestAttachWaits(t *testing.T) {
	path := t.TempDir() + "/region"
	if err := os.WriteFile(path, make([]byte, HeaderSize-1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tryAttach(path); !errors.Is(err, ErrNotReady) {
		t.Errorf("a short file: %v, want %v", err, ErrNotReady)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	attached := make(chan error, 1)
	go func() {
		r, err := attach(path)
		if err == nil {
			err = r.close()
		}
		attached <- err
	}()
	r, err := create(path, PlanFor(8, 8))
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if err := linktest.Await(t, "the client", attached); err != nil {
		t.Error(err)
	}
	if _, err := create(path, PlanFor(8, 8)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second one: %v, want %v", err, fs.ErrExist)
	}
}
