package service_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
)

// faultyWorld is a client and a server whose packets meet faults, and what is to be true of them.
type faultyWorld struct {
	r *rig
	c *service.Client[[]byte, []byte, plainBlobs]

	mu      sync.Mutex
	armed   [2]linktest.Fault // of the next packet that the client, and the server, sends
	pipes   []*linktest.Faulty
	damaged bool // a fault has hit a packet, and since then nobody has seen to it

	calls, failed int
}

// plainBlobs is blobs as clients know it.
type plainBlobs struct{}

func (plainBlobs) Code() codec.Method       { return blobCode }
func (plainBlobs) RequestSize(r []byte) int { return len(r) }
func (plainBlobs) EncodeRequest(dst, r []byte) (int, error) {
	if len(dst) < len(r) {
		return 0, codec.ErrOverflow
	}
	return copy(dst, r), nil
}
func (plainBlobs) DecodeResponse(b []byte) ([]byte, error) { return b, nil }

// wrap is linktest.ListenConfig.Wrap.
func (w *faultyWorld) wrap(client bool, p link.Packets, reset func()) link.Packets {
	side := 1
	if client {
		side = 0
	}
	f := linktest.NewFaulty(p, reset, func(int, []byte) linktest.Fault {
		w.mu.Lock()
		defer w.mu.Unlock()
		f := w.armed[side]
		w.armed[side] = linktest.Pass
		w.damaged = w.damaged || f != linktest.Pass
		return f
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pipes = append(w.pipes, f)
	return f
}

// resume ends all stalls.
func (w *faultyWorld) resume() {
	w.mu.Lock()
	pipes := slices.Clone(w.pipes)
	w.mu.Unlock()
	for _, f := range pipes { // without the lock: a pipe that decides on a fault holds its own, and asks for ours
		f.Resume()
	}
}

// isDamaged reports whether a fault has hit, or is about to.
func (w *faultyWorld) isDamaged() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.damaged || w.armed != [2]linktest.Fault{}
}

// heal takes back what is armed, and gives the client a session that no fault has hit.
func (w *faultyWorld) heal(t *rapid.T) {
	w.mu.Lock()
	w.armed = [2]linktest.Fault{}
	w.mu.Unlock()
	w.resume()
	for range 20 { // what is left of old faults may cost a session or two
		if _, err := w.c.Refresh(context.Background()); err == nil && w.c.Ready() {
			if w.call([]byte("healed")) == nil && w.call([]byte("indeed")) == nil {
				w.mu.Lock()
				w.damaged = false
				w.mu.Unlock()
				return
			}
		}
	}
	t.Fatalf("client and server do not come together again: %+v, %+v", w.c.Status(), w.r.s.Status())
}

var errWrongAnswer = errors.New("the answer to something else")

func (w *faultyWorld) call(want []byte) error {
	return w.c.Call(context.Background(), want, func(got []byte) error {
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%w: %d bytes for %d", errWrongAnswer, len(got), len(want))
		}
		return nil
	})
}

// callAtOnce makes calls beside one another. Whatever has hit the packets: nobody gets somebody else's answer,
// every call returns, and without a fault they all succeed.
func (w *faultyWorld) callAtOnce(t *rapid.T) {
	n := rapid.IntRange(1, 4).Draw(t, "callers")
	sizes := rapid.SliceOfN(rapid.IntRange(1, 3000), n, n).Draw(t, "sizes")
	results := make(chan error, n)
	for i, size := range sizes {
		payload := bytes.Repeat([]byte{byte(i + 1)}, size)
		go func() { results <- w.call(payload) }()
	}
	var failed error
	for range n {
		err := <-results
		w.calls++
		if errors.Is(err, errWrongAnswer) {
			t.Fatal(err)
		}
		if err != nil {
			w.failed++
			failed = err
		}
	}
	if failed != nil && !w.isDamaged() {
		t.Fatalf("no fault has hit anything, and yet: %v", failed)
	}
	if failed != nil {
		w.heal(t)
	}
}

// Programs of calls, faults, broken sessions and restored ones, at the level of typed clients and managed servers:
// no call gets a wrong answer, none hangs, and when the faults are over everything works as before.
func TestHardFaultsModel(t *testing.T) {
	soak(t, 3500)
	kinds := []linktest.Fault{linktest.Truncate, linktest.Drop, linktest.Duplicate, linktest.Reorder, linktest.Stall, linktest.Reset}
	steps, calls, failed := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		var failure any // a panic with which rapid ends an attempt; it is to be seen on its own goroutine
		synctest.Test(t, func(t *testing.T) {
			defer func() { failure = recover() }()
			w := &faultyWorld{}
			w.r = newRigOn(t, linktest.ListenConfig{Packet: 1024, Buffer: 4, Wrap: w.wrap}, nil, service.ServerConfig{}, echo)
			w.c = service.NewClient[[]byte, []byte, plainBlobs](w.r.net.Dialer(rigName), service.Config{
				Proposal: link.Proposal{RequestPayload: 4096},
			})
			t.Cleanup(func() { w.c.Close() })
			w.heal(rt)
			rt.Repeat(map[string]func(*rapid.T){
				"":           func(*rapid.T) { steps++ },
				"call":       w.callAtOnce,
				"call again": w.callAtOnce,
				"fault": func(rt *rapid.T) {
					side, kind := rapid.IntRange(0, 1).Draw(rt, "side"), rapid.SampledFrom(kinds).Draw(rt, "fault")
					w.mu.Lock()
					w.armed[side] = kind
					w.mu.Unlock()
				},
				"heal":   w.heal,
				"resume": func(*rapid.T) { w.resume() },
				"refresh": func(*rapid.T) {
					_, _ = w.c.Refresh(context.Background())
				},
			})
			w.heal(rt)
			calls, failed = calls+w.calls, failed+w.failed
			if st := w.r.s.Status(); st.Panics != 0 || st.Sessions > 64 {
				rt.Fatalf("the server is %+v", st)
			}
			w.resume()
		})
		if failure != nil {
			panic(failure)
		}
	})
	t.Logf("%d steps, %d calls, of which %d failed for the faults", steps, calls, failed)
}
