package service_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

func ignore(int, uint64) error { return nil }

// TestOversizedAnswerGrowsNothing: a provider that sends more than agreed violates the protocol. That the error
// mentions a limit does not mean that a larger request would be allowed.
func TestOversizedAnswerGrowsNothing(t *testing.T) {
	for name, h := range map[string]wire.Header{
		"payload": {PayloadLen: 1025, ItemCount: 1},
		"items":   {PayloadLen: 8, ItemCount: 5},
	} {
		t.Run(name, func(t *testing.T) {
			var dials atomic.Int64
			tap := &tapped{dial: func(_ context.Context, p link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
				dials.Add(1)
				if p.RequestPayload != 1024 || p.RequestItems != 1 {
					t.Errorf("proposed %d bytes and %d items", p.RequestPayload, p.RequestItems)
				}
				conn, err := next()
				if err != nil {
					return nil, err
				}
				return &oversized{Conn: conn, header: h}, nil
			}}
			c := stage{serve: incrementing}.open(t, service.Config{}, tap)
			connect(t, c)
			_, err := call(t.Context(), c, 1)
			if !errors.Is(err, link.ErrProtocol) || !errors.Is(err, link.ErrTooLarge) {
				t.Errorf("got %v", err)
			}
			if n := dials.Load(); n != 2 {
				t.Errorf("%d sessions, want 2: the call is sent again once", n)
			}
			if st := c.Status(); st.State != service.StateBroken {
				t.Errorf("state %v", st.State)
			}
		})
	}
}

// oversized is a session whose answers all exceed the limits.
type oversized struct {
	link.Conn
	header wire.Header
}

func (o *oversized) Recv(m *link.Message, d *link.Deadline) error {
	if err := o.Conn.Recv(m, d); err != nil {
		return err
	}
	limit := &link.LimitError{What: "response payload", Need: uint64(o.header.PayloadLen), Agreed: 1024}
	if o.header.ItemCount > 1 {
		limit = &link.LimitError{What: "response items", Need: uint64(o.header.ItemCount), Agreed: 1}
	}
	return link.NewOpError("receive", "number", &link.ProtocolError{Header: o.header, Status: wire.StatusLimitExceeded, Err: limit})
}

// TestRefusedGrowthHurtsNobodyElse: one caller needs more than the provider grants; another, who waits for the
// same handshake, needs something else that it does grant.
func TestRefusedGrowthHurtsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		tap := &tapped{dial: func(_ context.Context, p link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
			if p.RequestPayload > 2048 {
				<-hold
			}
			return next()
		}}
		c := stage{
			settings: func(int) link.Settings { return link.Settings{RequestPayload: 2048} },
			serve:    incrementing,
		}.open(t, service.Config{}, tap)
		connect(t, c)
		greedy := make(chan error)
		go func() { greedy <- c.CallBatch(t.Context(), make([]uint64, 1000), ignore) }()
		synctest.Wait()
		modest := make(chan error)
		go func() { modest <- c.CallBatch(t.Context(), make([]uint64, 5), ignore) }()
		synctest.Wait()
		close(hold)
		var growth *service.GrowthError
		if err := <-greedy; !errors.As(err, &growth) || growth.Ceiling != 0 {
			t.Errorf("the one who asked for too much: %v", err)
		}
		if err := <-modest; err != nil {
			t.Errorf("the one who did not: %v", err)
		}
		if !c.Ready() {
			t.Errorf("status %+v", c.Status())
		}
		synctest.Wait()
		settled(t, c)
	})
}

// TestRefusedGrowthAfterTheSessionDied: the session is gone, and what the first caller asks for is refused. The
// others reconnect with what served before.
func TestRefusedGrowthAfterTheSessionDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold, die := make(chan struct{}), make(chan struct{})
		tap := &tapped{dial: func(_ context.Context, p link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
			if p.RequestPayload > 2048 {
				<-hold
			}
			return next()
		}}
		c := stage{
			settings: func(int) link.Settings { return link.Settings{RequestPayload: 2048} },
			serve: func(n int, conn link.Conn) {
				if n == 0 {
					<-die
					return
				}
				increment(nil, conn)
			},
		}.open(t, service.Config{}, tap)
		connect(t, c)
		waiting := begin(t.Context(), c, 1)
		synctest.Wait()
		greedy := make(chan error)
		go func() { greedy <- c.CallBatch(t.Context(), make([]uint64, 1000), ignore) }()
		synctest.Wait()
		close(die)
		synctest.Wait()
		close(hold)
		var growth *service.GrowthError
		if err := <-greedy; !errors.As(err, &growth) {
			t.Errorf("the one who asked for too much: %v", err)
		}
		wantAnswer(t, "the one who did not", waiting, 2)
	})
}

// TestTwoGrowDifferentLimits: one needs more bytes, another more items, at once, again and again.
func TestTwoGrowDifferentLimits(t *testing.T) {
	for range rounds(20) {
		c := stage{serve: incrementing}.open(t, service.Config{}, nil)
		connect(t, c)
		var wg sync.WaitGroup
		for _, n := range []int{2, 17, 60, 200, 1000, 3000} {
			for range 3 {
				wg.Go(func() {
					if err := c.CallBatch(context.Background(), make([]uint64, n), ignore); err != nil {
						t.Errorf("batch of %d: %v", n, err)
					}
				})
			}
		}
		wg.Wait()
		settled(t, c)
		if st := c.Status(); st.Limits.RequestItems != 4096 || st.Limits.RequestPayload != 1<<16 || c.Sessions() != 1 {
			t.Fatalf("agreed %+v, %d sessions", st.Limits, c.Sessions())
		}
	}
}

// TestAnswerGrowsBesideAReconnect: an answer did not fit, and the caller finds a session that was agreed on before
// the provider raised its ceiling. That is no sign that it will not.
func TestAnswerGrowsBesideAReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse, land := make(chan struct{}), make(chan struct{})
		dials := 0
		tap := &tapped{dial: func(_ context.Context, p link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
			dials++
			conn, err := next()
			if dials == 2 {
				<-land
			}
			return conn, err
		}}
		c := stage{
			settings: func(n int) link.Settings { return link.Settings{ResponsePayload: []uint32{256, 256, 512}[n]} },
			serve: func(n int, conn link.Conn) {
				var m link.Message
				for conn.Recv(&m, nil) == nil {
					if conn.Info().Limits.ResponsePayload < 512 && !m.Header.IsBatch() {
						if n == 0 {
							<-refuse
						}
						answer(conn, m.Header, wire.StatusLimitExceeded, nil)
						return
					}
					answer(conn, m.Header, wire.StatusOK, m.Payload)
				}
			},
		}.open(t, service.Config{}, tap)
		connect(t, c)
		large := begin(t.Context(), c, 1)
		synctest.Wait()
		batch := make(chan error)
		go func() { batch <- c.CallBatch(t.Context(), make([]uint64, 5), ignore) }()
		synctest.Wait() // connecting, with the handshake done
		close(refuse)
		synctest.Wait() // and the other one waits for it
		close(land)
		wantAnswer(t, "the large answer", large, 1)
		if err := <-batch; err != nil {
			t.Errorf("the batch: %v", err)
		}
		if st := c.Status(); st.State != service.StateReady {
			t.Errorf("status %+v", st)
		}
	})
}

// TestManyLargeAnswers: everybody wants an answer that does not fit at first. Each refusal costs the session, and
// with it everybody else's request: that is not why they may be sent again only once.
func TestManyLargeAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ceiling atomic.Uint32
		ceiling.Store(64)
		everybodySent := make(chan struct{}) // a session begins when all have sent what they can
		c := stage{
			settings: func(int) link.Settings { return link.Settings{ResponsePayload: ceiling.Load()} },
			serve: func(_ int, conn link.Conn) {
				<-everybodySent
				var m link.Message
				large := make([]byte, 1000)
				for conn.Recv(&m, nil) == nil {
					now := conn.Info().Limits.ResponsePayload
					if now < 1000 {
						ceiling.CompareAndSwap(now, 2*now)
						answer(conn, m.Header, wire.StatusLimitExceeded, nil)
						return
					}
					addOne(m.Payload)
					copy(large, m.Payload)
					if answer(conn, m.Header, wire.StatusOK, large) != nil {
						return
					}
				}
			},
		}.open(t, service.Config{}, nil)
		connect(t, c)
		var calls []<-chan result
		for v := range uint64(64) {
			calls = append(calls, begin(context.Background(), c, v))
		}
		for range 5 {
			synctest.Wait()
			everybodySent <- struct{}{}
		}
		for v, done := range calls {
			wantAnswer(t, "one of many", done, uint64(v)+1)
		}
		synctest.Wait()
		settled(t, c)
		if st := c.Status(); st.State != service.StateReady || st.Limits.ResponsePayload != 1024 {
			t.Errorf("status %+v", st)
		}
	})
}

// TestGrowthThatDoesNotGrow: whatever is proposed, less is agreed on. It is not tried again and again.
func TestGrowthThatDoesNotGrow(t *testing.T) {
	for name, tc := range map[string]struct {
		cap   func(*link.Proposal)
		batch int
	}{
		"bytes": {func(p *link.Proposal) { p.RequestPayload, p.RequestItems = min(p.RequestPayload, 2048), 4096 }, 1000},
		"items": {func(p *link.Proposal) { p.RequestPayload, p.RequestItems = 1<<20, min(p.RequestItems, 3) }, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			net := linktest.NewNetwork()
			tap := &tapped{Dialer: net.Dialer("number")}
			var dials atomic.Int64
			tap.dial = func(ctx context.Context, p link.Proposal, _ func() (link.Conn, error)) (link.Conn, error) {
				dials.Add(1)
				tc.cap(&p)
				return tap.Dialer.Dial(ctx, p)
			}
			p := (&provider{net: net, name: "number", serve: increment}).start()
			defer p.stop()
			c := service.NewClient[uint64, uint64, number](tap, service.Config{})
			defer c.Close()
			connect(t, c)
			var growth *service.GrowthError
			if err := c.CallBatch(t.Context(), make([]uint64, tc.batch), ignore); !errors.As(err, &growth) || growth.Ceiling != 0 {
				t.Errorf("got %v", err)
			}
			if n := dials.Load(); n > 3 {
				t.Errorf("%d sessions", n)
			}
			if got, err := call(t.Context(), c, 1); err != nil || got != 2 {
				t.Errorf("afterwards: %d, %v", got, err)
			}
			settled(t, c)
		})
	}
}

// TestGrowthAtAFullProvider: there is one place, and the session that is to be replaced has it.
func TestGrowthAtAFullProvider(t *testing.T) {
	c := stage{serve: incrementing, seats: 1}.open(t, service.Config{}, nil)
	connect(t, c)
	for _, n := range []int{5, 500} {
		if err := c.CallBatch(t.Context(), make([]uint64, n), ignore); err != nil {
			t.Errorf("batch of %d: %v", n, err)
		}
	}
	settled(t, c)
}
