package service_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"pgregory.net/rapid"
)

// chaos is a provider and what its callers do, all at once. It runs where time is not real, so a caller who is
// forgotten is found at once: everybody waits, time jumps, and the call ends with ErrTimeout.
type chaos struct {
	seed    uint64
	depth   int
	packet  uint32
	buffer  int
	bad     bool     // the provider misbehaves now and then
	callers [][]deed // what each of them does, one thing after the other
}

// deed is one thing that a caller does.
type deed uint8

const (
	plain     deed = iota // a call that nothing ends but its answer
	cancelled             // cancelled while others run
	parked                // cancelled while everybody waits
	hurried               // with a deadline
	lent                  // the answer is kept while another call is made
	batched               // several requests, of many packets
	thrown                // use panics
	unfit                 // cannot be encoded
	refreshed
	aborted
	deeds
)

func drawChaos(t *rapid.T, bad bool) chaos {
	return chaos{
		seed:    rapid.Uint64().Draw(t, "seed"),
		depth:   rapid.SampledFrom([]int{1, 2, 3, 8, 64}).Draw(t, "depth"),
		packet:  rapid.SampledFrom([]uint32{64, 256, 4096}).Draw(t, "packet"),
		buffer:  rapid.SampledFrom([]int{1, 2, 16}).Draw(t, "buffer"),
		bad:     bad,
		callers: rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) deed { return deed(rapid.IntRange(0, int(deeds)-1).Draw(t, "deed")) }), 1, 12), 1, 24).Draw(t, "callers"),
	}
}

// run returns what went wrong.
func (ch chaos) run(t *testing.T) (wrong []string) {
	var mu sync.Mutex
	report := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		wrong = append(wrong, fmt.Sprintf(format, args...))
	}
	synctest.Test(t, func(t *testing.T) {
		net := linktest.NewNetwork()
		l, err := net.Listen("number", linktest.ListenConfig{Buffer: ch.buffer})
		if err != nil {
			t.Fatal(err)
		}
		var serving sync.WaitGroup
		serving.Go(func() {
			for n := uint64(0); ; n++ {
				in, err := l.Accept(context.Background())
				if err != nil {
					return
				}
				serving.Go(func() {
					conn, err := in.Handshake(context.Background(), link.Settings{})
					if err == nil {
						ch.serve(conn, rand.New(rand.NewPCG(ch.seed, n)))
						conn.Close()
					}
				})
			}
		})
		c := service.NewClient[uint64, uint64, number](net.Dialer("number"), service.Config{
			Proposal: link.Proposal{Depth: ch.depth, Packet: ch.packet},
		})
		if _, err := c.Refresh(context.Background()); err != nil {
			report("Refresh: %v", err)
		}
		var calling sync.WaitGroup
		for g, does := range ch.callers {
			calling.Go(func() {
				who := &caller{ch: ch, c: c, report: report, rand: rand.New(rand.NewPCG(ch.seed, uint64(g)<<32))}
				for i, d := range does {
					who.v = uint64(g)<<32 | uint64(i)<<16
					who.do(d)
				}
			})
		}
		calling.Wait()
		c.ClearAbort()
		synctest.Wait()
		if err := c.Debt(); err != nil {
			report("left behind: %v", err)
		}
		if n := c.Sessions(); n > 1 {
			report("%d sessions live", n)
		}
		if !ch.bad { // all unwanted answers come, and then all places are free
			<-time.After(time.Second)
			if got, err := call(context.Background(), c, 1); err != nil || got != 2 {
				report("in the end: %d, %v", got, err)
			}
		}
		c.Close()
		if n := c.Sessions(); n != 0 {
			report("%d sessions live after Close", n)
		}
		l.Close()
		serving.Wait()
	})
	return wrong
}

// serve answers in any order, and what it holds back when nothing comes for a while.
func (ch chaos) serve(conn link.Conn, r *rand.Rand) {
	type request struct {
		h       wire.Header
		payload []byte
	}
	var held []request
	reply := func(i int) error {
		q := held[i]
		held = append(held[:i], held[i+1:]...)
		at := 0
		if q.h.IsBatch() {
			at = int(q.h.ItemCount) * wire.BatchEntrySize
		}
		for ; at < len(q.payload); at += 8 {
			addOne(q.payload[at:])
		}
		return answer(conn, q.h, wire.StatusOK, q.payload)
	}
	var m link.Message
	for {
		d := link.Within(time.Millisecond)
		if len(held) == 0 {
			d = 0
		}
		err := conn.Recv(&m, &d)
		switch {
		case errors.Is(err, link.ErrTimeout):
			if reply(r.IntN(len(held))) != nil {
				return
			}
			continue
		case err != nil:
			return
		}
		held = append(held, request{m.Header, append([]byte(nil), m.Payload...)})
		if ch.bad && r.IntN(16) == 0 {
			if ch.misbehave(conn, r, m.Header) {
				return
			}
			held = held[:len(held)-1]
		}
		for len(held) > 0 && r.IntN(3) != 0 {
			if reply(r.IntN(len(held))) != nil {
				return
			}
		}
	}
}

// misbehave does something else than to answer a request, and reports whether that was the session's end. It does
// not wait for ever: nobody has to read what nobody asked for.
func (ch chaos) misbehave(conn link.Conn, r *rand.Rand, h wire.Header) (end bool) {
	status, payload := wire.StatusOK, []byte(nil)
	switch r.IntN(8) {
	case 0:
		return true
	case 1:
		conn.(*linktest.Conn).Reset()
		return false
	case 2:
		status = wire.StatusInternalError
	case 3:
		status, end = wire.StatusLimitExceeded, true
	case 4:
		payload = []byte{1}
	case 5:
		h.MessageID += 1 << 40
	case 6:
		status = wire.StatusUnsupported
	case 7: // twice
		payload = []byte{1}
		d := link.Within(time.Millisecond)
		if sayWithin(conn, h, status, payload, &d) != nil {
			return true
		}
	}
	d := link.Within(time.Millisecond)
	return sayWithin(conn, h, status, payload, &d) != nil || end
}

// sayWithin sends an answer without items.
func sayWithin(conn link.Conn, h wire.Header, status wire.Status, payload []byte, d *link.Deadline) error {
	h.Kind, h.Status, h.Flags, h.ItemCount = wire.KindResponse, status, 0, 1
	buf, err := conn.Reserve(len(payload))
	if err != nil {
		return err
	}
	copy(buf, payload)
	return conn.Commit(h, len(payload), d)
}

// caller is one of those who use the client at once.
type caller struct {
	ch     chaos
	c      *numberClient
	v      uint64
	rand   *rand.Rand
	report func(string, ...any)
}

// do does one thing and judges how it ends.
func (w *caller) do(d deed) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var got uint64
	var err error
	var may []error // how it may end, beside well
	switch d {
	case plain:
		got, err = call(context.Background(), w.c, w.v)
	case cancelled:
		may = append(may, context.Canceled)
		n := w.rand.IntN(50)
		go func() {
			for range n {
				runtime.Gosched()
			}
			cancel()
		}()
		got, err = call(ctx, w.c, w.v)
	case parked:
		may = append(may, context.Canceled)
		stop := time.AfterFunc(time.Duration(w.rand.IntN(2000))*time.Microsecond, cancel)
		defer stop.Stop()
		got, err = call(ctx, w.c, w.v)
	case hurried:
		may = append(may, service.ErrTimeout)
		timed, cancel := context.WithTimeout(ctx, time.Duration(w.rand.IntN(2000))*time.Microsecond)
		defer cancel()
		got, err = call(timed, w.c, w.v)
	case lent:
		var l service.Lease[uint64]
		if l, err = w.c.Acquire(context.Background(), w.v); err == nil {
			if w.ch.depth > len(w.ch.callers) { // else all might lend and then wait for one another
				w.v++
				w.do(plain)
				w.v--
			}
			got = l.View()
			copied := l
			l.Release()
			copied.Release()
		}
	case batched:
		in := make([]uint64, 1+w.rand.IntN(200))
		for i := range in {
			in[i] = w.v + uint64(i)
		}
		n := 0
		err = w.c.CallBatch(ctx, in, func(i int, v uint64) error {
			if n++; v != in[i]+1 {
				w.report("item %d of a batch: %x for %x", i, v, in[i])
			}
			return nil
		})
		got = w.v + 1
		if err == nil && n != len(in) {
			w.report("%d answers to a batch of %d", n, len(in))
		}
	case thrown:
		got = w.v + 1
		func() {
			defer func() {
				if e := recover(); e != nil && e != errThrown {
					panic(e)
				}
			}()
			err = w.c.Call(ctx, w.v, func(uint64) error { panic(errThrown) })
		}()
	case unfit:
		may = append(may, errUnencodable)
		_, err = call(ctx, w.c, unencodable)
		if err == nil {
			w.report("it was encoded")
		}
		got = w.v + 1
	case refreshed:
		got = w.v + 1
		_, err = w.c.Refresh(ctx)
	case aborted:
		got = w.v + 1
		w.c.Abort()
		w.c.ClearAbort()
	}
	switch {
	case err == nil && got == w.v+1:
		return
	case err == nil:
		w.report("deed %d: %x for %x", d, got, w.v)
		return
	case w.allowed(err, may):
	default:
		w.report("deed %d: %v", d, err)
	}
	if errors.Is(err, service.ErrNotReady) {
		w.c.Refresh(context.Background())
	}
}

var errThrown = errors.New("thrown")

func (w *caller) allowed(err error, may []error) bool {
	may = append(may, service.ErrAborted) // somebody else may do so
	if w.ch.bad {
		may = append(may, link.ErrPeerClosed, link.ErrReset, link.ErrProtocol, service.ErrMalformed, service.ErrNotReady)
		var status *service.StatusError
		var growth *service.GrowthError
		if errors.As(err, &status) || errors.As(err, &growth) {
			return true
		}
	}
	for _, e := range may {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func testChaos(t *testing.T, bad bool) {
	rapid.Check(t, func(rt *rapid.T) {
		ch := drawChaos(rt, bad)
		if wrong := ch.run(t); len(wrong) > 0 {
			rt.Fatalf("%d things went wrong, such as: %s", len(wrong), wrong[0])
		}
	})
}

// TestChaosGoodProvider: whatever callers do to themselves, nobody else notices.
func TestChaosGoodProvider(t *testing.T) { testChaos(t, false) }

// TestChaosBadProvider: whatever a provider does, calls end, with an error that says why, and nothing stays.
func TestChaosBadProvider(t *testing.T) { testChaos(t, true) }

// TestAnswersRaceWithDeath: a session ends while somebody has read an answer for another. Who gives up its place
// must not meet the one who is about to put the answer there.
func TestAnswersRaceWithDeath(t *testing.T) {
	for round := range rounds(1000) {
		got := make(chan struct{})
		tap := &tapped{conn: func(conn link.Conn) link.Conn { return &dawdler{Conn: conn, got: got, n: round % 300} }}
		c := stage{serve: func(_ int, conn link.Conn) {
			var ms [3]link.Message
			for i := range ms {
				if conn.Recv(&ms[i], nil) != nil {
					return
				}
			}
			for i := range ms {
				addOne(ms[len(ms)-1-i].Payload)
				answer(conn, ms[len(ms)-1-i].Header, wire.StatusOK, ms[len(ms)-1-i].Payload)
			}
		}}.open(t, service.Config{}, tap)
		connect(t, c)
		var calls []<-chan result
		for v := range uint64(3) {
			calls = append(calls, begin(context.Background(), c, v))
		}
		<-got
		c.Close()
		for v, done := range calls {
			if r := <-done; r.err == nil && r.got != uint64(v)+1 || r.err != nil && !errors.Is(r.err, service.ErrClosed) && !errors.Is(r.err, link.ErrPeerClosed) {
				t.Errorf("%d: %d, %v", v, r.got, r.err)
			}
		}
		settled(t, c)
	}
}

// dawdler is a session that takes its time to hand over the first answer.
type dawdler struct {
	link.Conn
	got chan struct{}
	n   int
}

func (d *dawdler) Recv(m *link.Message, dl *link.Deadline) error {
	err := d.Conn.Recv(m, dl)
	if d.got != nil {
		close(d.got)
		d.got = nil
		for range d.n {
			runtime.Gosched()
		}
	}
	return err
}
