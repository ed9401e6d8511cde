package service_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// TestLeavingTheOnlyPlace: with one place, whoever leaves without an answer ends the session. Those who wait for
// the place have sent nothing: they lose neither their call nor the right to send it again.
func TestLeavingTheOnlyPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const leaving = 6
		c := stage{serve: func(_ int, conn link.Conn) {
			var m link.Message
			for conn.Recv(&m, nil) == nil {
				if m.Payload[0] == 0 {
					continue // no answer
				}
				addOne(m.Payload)
				answer(conn, m.Header, wire.StatusOK, m.Payload)
			}
		}}.open(t, service.Config{Proposal: link.Proposal{Depth: 1}}, nil)
		connect(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		first := begin(ctx, c, 0)
		synctest.Wait()
		var stay []<-chan result
		var go_ []context.CancelFunc
		var left []<-chan result
		for v := range uint64(leaving) {
			ctx, cancel := context.WithCancel(t.Context())
			go_ = append(go_, cancel)
			left = append(left, begin(ctx, c, 0))
			synctest.Wait()
			stay = append(stay, begin(t.Context(), c, v+1))
			synctest.Wait()
		}
		cancel()
		if r := <-first; !errors.Is(r.err, context.Canceled) {
			t.Error(r.err)
		}
		for i, cancel := range go_ {
			synctest.Wait()
			cancel()
			if r := <-left[i]; !errors.Is(r.err, context.Canceled) {
				t.Error(r.err)
			}
		}
		for v, done := range stay {
			wantAnswer(t, "one who stayed", done, uint64(v)+2)
		}
		synctest.Wait()
		settled(t, c)
		if st := c.Status(); st.State != service.StateReady || st.Retries != 0 {
			t.Errorf("status %+v", st)
		}
	})
}

// TestLateInterruptCutsNobody: the context of a sender ends when its last packet is out. The interrupt that was
// meant for it meets the next sender before its first packet, which sends all the same.
func TestLateInterruptCutsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := &lateInterrupt{interrupted: make(chan struct{})}
		tap := &tapped{conn: func(conn link.Conn) link.Conn { late.Conn = conn; return late }}
		c := stage{serve: incrementing}.open(t, service.Config{Proposal: link.Proposal{RequestItems: 512, RequestPayload: 1 << 14, Packet: 64}}, tap)
		connect(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		late.cancel = cancel
		if _, err := call(ctx, c, 1); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		synctest.Wait()
		sum := 0
		if err := c.CallBatch(t.Context(), make([]uint64, 300), func(int, uint64) error { sum++; return nil }); err != nil || sum != 300 {
			t.Errorf("the next one: %d, %v", sum, err)
		}
		if st := c.Status(); st.Connects != 1 || late.sends != 1 {
			t.Errorf("%d interrupts, status %+v", late.sends, st)
		}
		settled(t, c)
	})
}

// lateInterrupt is a session whose first Commit returns when its context has ended and the interrupt has come.
type lateInterrupt struct {
	link.Conn
	cancel      context.CancelFunc
	interrupted chan struct{}
	commits     int
	sends       int // interrupts of the sending half
}

func (l *lateInterrupt) Commit(h wire.Header, n int, d *link.Deadline) error {
	err := l.Conn.Commit(h, n, d)
	if l.commits++; l.commits == 1 {
		l.cancel()
		<-l.interrupted
	}
	return err
}

func (l *lateInterrupt) Exchange(h wire.Header, n int, m *link.Message, d *link.Deadline, sent func() error) (went bool, err error) {
	return link.InTurn(l, h, n, m, d, sent)
}

func (l *lateInterrupt) Interrupt(side link.Side, cause error) {
	l.Conn.Interrupt(side, cause)
	if side == link.SideSend {
		l.sends++
		close(l.interrupted)
	}
}

// TestCutByAFailure: a request that cannot be sent whole for a reason that nobody chose is sent again once, and the
// caller learns the reason.
func TestCutByAFailure(t *testing.T) {
	reason := errors.New("the disk is on fire")
	commits := 0
	tap := &tapped{conn: func(conn link.Conn) link.Conn {
		return &cutting{conn, func() error {
			commits++
			return link.NewOpError("send", "number", fmt.Errorf("%w after 3 packets: %w", link.ErrCut, reason))
		}}
	}}
	c := stage{serve: silent}.open(t, service.Config{}, tap)
	connect(t, c)
	if _, err := call(t.Context(), c, 1); !errors.Is(err, reason) || !errors.Is(err, link.ErrCut) || commits != 2 {
		t.Errorf("%d attempts, %v", commits, err)
	}
	if st := c.Status(); st.State != service.StateBroken || !errors.Is(st.LastError, reason) {
		t.Errorf("status %+v", st)
	}
	settled(t, c)
}

// cutting is a session that sends no request whole.
type cutting struct {
	link.Conn
	fail func() error
}

func (c *cutting) Commit(wire.Header, int, *link.Deadline) error { return c.fail() }

// TestLeavingInTheMiddle: who leaves while its request is half sent ends the session. Again and again: the others
// do not lose their calls over it.
func TestLeavingInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const cuts = 4
		c := stage{serve: func(n int, conn link.Conn) {
			if n < cuts {
				hold(t)
				return
			}
			increment(nil, conn)
		}}.open(t, service.Config{Proposal: link.Proposal{RequestItems: 512, RequestPayload: 1 << 14, Packet: 64}}, nil)
		connect(t, c)
		stays := begin(t.Context(), c, 1)
		for range cuts {
			synctest.Wait()
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan error)
			go func() { left <- c.CallBatch(ctx, make([]uint64, 300), ignore) }()
			synctest.Wait()
			cancel()
			if err := <-left; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		wantAnswer(t, "the one who stayed", stays, 2)
		synctest.Wait()
		settled(t, c)
		if st := c.Status(); st.State != service.StateReady || st.Retries != cuts {
			t.Errorf("status %+v", st)
		}
	})
}
