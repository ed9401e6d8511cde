package posix

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// counted counts what a half tells the poller.
func counted(h *half) *atomic.Int64 {
	var n atomic.Int64
	tell := h.tell
	h.tell = func(t time.Time) error { n.Add(1); return tell(t) }
	return &n
}

// A deadline is told to the poller when a wait needs it, not with every call.
func TestDeadlineIsToldSeldom(t *testing.T) {
	client, server := packetPair(t)
	done := make(chan error, 1)
	go func() {
		for {
			d := link.Within(30 * time.Second)
			b, _, err := server.ReadPacket(nil, 100, &d)
			if err == nil {
				err = server.WritePacket(b, &d)
			}
			if err != nil {
				done <- err
				return
			}
		}
	}()
	told := counted(&client.in.half)
	for range 1000 {
		d := link.Within(30 * time.Second)
		if err := client.WritePacket([]byte("ping"), &d); err != nil {
			t.Fatal(err)
		}
		if _, _, err := client.ReadPacket(nil, 100, &d); err != nil {
			t.Fatal(err)
		}
	}
	if n := told.Load(); n > 5 {
		t.Errorf("the poller was told a deadline %d times for 1000 reads within one timeout", n)
	}
	client.Close()
	linktest.Await(t, "the echo", done)
}

// An older, earlier deadline of the poller's ends no wait that has a later one, or none.
func TestEarlyWake(t *testing.T) {
	client, server := packetPair(t)
	for _, later := range []link.Deadline{link.Within(time.Minute), 0} {
		short := link.Within(time.Millisecond)
		if _, _, err := server.ReadPacket(nil, 100, &short); !errors.Is(err, link.ErrTimeout) {
			t.Fatal(err)
		}
		soon := link.Within(20 * time.Millisecond)
		soon.Start()
		server.in.arm(soon) // as a call left it behind
		woken := counted(&server.in.half)
		got := make(chan string, 1)
		go func() {
			out, _, err := server.ReadPacket(nil, 100, &later)
			if err != nil {
				out = []byte(err.Error())
			}
			got <- string(out)
		}()
		linktest.Eventually(t, "the early wake has come", func() bool { return woken.Load() > 0 })
		if err := client.WritePacket([]byte("late"), patience()); err != nil {
			t.Fatal(err)
		}
		if s := linktest.Await(t, "ReadPacket", got); s != "late" {
			t.Errorf("%s", s)
		}
	}
}

// An interrupt comes just before a wait tells the poller its deadline, which undoes what the interrupt has told.
func TestInterruptWhileArming(t *testing.T) {
	_, server := packetPair(t)
	h := &server.in.half
	tell, once := h.tell, sync.Once{}
	h.tell = func(at time.Time) error {
		once.Do(func() { h.interrupted.Store(true) })
		return tell(time.Time{}) // so that nothing but the flag can end the wait
	}
	got := make(chan error, 1)
	go func() {
		_, _, err := server.ReadPacket(nil, 100, patience())
		got <- err
	}()
	if err := linktest.Await(t, "ReadPacket", got); !errors.Is(err, link.ErrInterrupted) {
		t.Errorf("error %v, want %v", err, link.ErrInterrupted)
	}
}

// What is there is taken, however late it is.
func TestExpiredDeadlineTakesWhatIsThere(t *testing.T) {
	client, server := packetPair(t)
	past := link.At(time.Now().Add(-time.Hour))
	if _, _, err := server.ReadPacket(nil, 100, &past); !errors.Is(err, link.ErrTimeout) {
		t.Fatal(err)
	}
	if err := client.WritePacket([]byte("x"), &past); err != nil {
		t.Fatal(err)
	}
	if _, _, err := server.ReadPacket(nil, 100, &past); err != nil {
		t.Fatal(err)
	}
	if _, _, err := server.ReadPacket(nil, 100, &past); !errors.Is(err, link.ErrTimeout) {
		t.Fatal(err)
	}
}

// Interrupts race with calls that come and go: each is returned once, and nothing else is lost.
func TestInterruptStorm(t *testing.T) {
	client, server := packetPair(t)
	const packets = 2000
	var seen, sent atomic.Int64
	var work sync.WaitGroup
	stop := make(chan struct{})
	work.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if n := sent.Load(); n == seen.Load() { // the one before has found its call
				sent.Add(1)
				server.Interrupt(link.SideRecv)
			}
		}
	})
	work.Go(func() {
		for range packets {
			if err := client.WritePacket([]byte("x"), patience()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	r := rand.New(rand.NewPCG(1, 2))
	for got := 0; got < packets; {
		d := link.Within(time.Duration(r.IntN(3)) * time.Minute)
		if r.IntN(3) == 0 {
			d = 0
		}
		switch _, _, err := server.ReadPacket(nil, 10, &d); {
		case err == nil:
			got++
		case errors.Is(err, link.ErrInterrupted):
			seen.Add(1)
		case !errors.Is(err, link.ErrTimeout):
			t.Fatal(err)
		}
	}
	close(stop)
	work.Wait()
	if n, m := seen.Load(), sent.Load(); n != m && n != m-1 {
		t.Errorf("%d interrupts, %d seen", m, n)
	}
}
