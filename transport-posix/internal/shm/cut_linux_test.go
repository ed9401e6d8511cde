package shm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// cuts are what somebody with access to the file can do to its bytes.
var cuts = map[string]func(f *os.File, size int64) error{
	"to nothing":    func(f *os.File, _ int64) error { return f.Truncate(0) },
	"to the header": func(f *os.File, _ int64) error { return f.Truncate(HeaderSize) },
	"to half":       func(f *os.File, size int64) error { return f.Truncate(size / 2) },
	"a hole in the header": func(f *os.File, _ int64) error {
		return punch(f, 0, 4096)
	},
	"a hole everywhere": func(f *os.File, size int64) error { return punch(f, 0, size) },
}

func punch(f *os.File, at, n int64) error {
	return syscall.Fallocate(int(f.Fd()), 2|1, at, n) // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
}

// roundTrips is what a client does until its session ends.
func roundTrips(c *Conn, payload int, done func(n uint64)) error {
	var m link.Message
	for id := uint64(0); ; id++ {
		if _, err := c.Reserve(payload); err != nil {
			return err
		}
		d := link.Within(30 * time.Second)
		if _, err := c.Exchange(request(id), payload, &m, &d, nil); err != nil {
			return err
		}
		done(id)
	}
}

// The file is cut at random moments of a session's traffic, while many others sleep. That session ends with an error on
// both sides; the process and the others live.
func TestCut(t *testing.T) {
	if raceDetector {
		t.Skip("with the race detector a fault inside an atomic operation cannot be caught")
	}
	crowd(t) // all sleep in dormitories, the one that is cut among them
	small := link.Limits{RequestPayload: 32, ResponsePayload: 32, RequestItems: 1, ResponseItems: 1}
	const idle = 200
	var others [idle]pair
	var woken [idle]<-chan error
	for i := range others {
		others[i] = openPair(t, small)
		woken[i] = going(func() error { return others[i].server.Recv(new(link.Message), nil) })
	}
	reach(t, "the others sleep", func() bool { return lodgers() == idle })

	const each = 200
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			for i := range each {
				if err := cutOnce(t, cut, i); err != nil {
					t.Fatalf("round %d: %v", i, err)
				}
			}
		})
	}
	for i := range others {
		select {
		case err := <-woken[i]:
			t.Fatalf("session %d was woken: %v", i, err)
		default:
		}
		if err := send(others[i].client, 1, nil); err != nil {
			t.Fatalf("session %d: %v", i, err)
		}
		if err := linktest.Await(t, "Recv", woken[i]); err != nil {
			t.Fatalf("session %d: %v", i, err)
		}
	}
}

func cutOnce(t *testing.T, cut func(*os.File, int64) error, i int) error {
	// Each half of the region is in use: a cut of what nobody touches hurts nobody.
	size := []uint32{1 << 13, 1 << 16}[i%2]
	p := openPair(t, link.Limits{RequestPayload: size, ResponsePayload: size, RequestItems: 1, ResponseItems: 1})
	payload := int(size) - 8
	f, err := os.OpenFile(p.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	served := going(func() error {
		err := echo(p.server)
		p.server.Close() // as whoever serves does
		return err
	})
	after := uint64(rand.IntN(30))
	moment := make(chan struct{})
	called := going(func() error {
		err := roundTrips(p.client, payload, func(n uint64) {
			if n == after {
				close(moment)
			}
		})
		p.client.Close()
		return err
	})
	<-moment
	if err := cut(f, int64(p.server.region.Geometry().Size())); err != nil {
		return err
	}
	for what, done := range map[string]<-chan error{"server": served, "client": called} {
		err := linktest.Await(t, what, done)
		if !errors.Is(err, link.ErrReset) && !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrProtocol) {
			return fmt.Errorf("the %s: %w", what, err)
		}
	}
	return nil
}

// A file that is cut before the client attaches, or while the server is about to begin.
func TestCutBefore(t *testing.T) {
	if raceDetector {
		t.Skip("with the race detector a fault inside an atomic operation cannot be caught")
	}
	g, err := GeometryFor(testLimits)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), Name("s", 1))
	r, err := Create(path, g)
	if err != nil {
		t.Fatal(err)
	}
	there, err := Attach(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	a, b := newLine()
	client := NewClientConn(there, a, link.Info{Limits: testLimits})
	server := NewServerConn(r, b, link.Info{Limits: testLimits})
	wants(t, "receive", server.Recv(new(link.Message), nil), link.ErrReset)
	wants(t, "send", send(client, 1, nil), link.ErrReset)
	if err := errors.Join(client.Close(), server.Close()); err != nil {
		t.Error(err)
	}
}
