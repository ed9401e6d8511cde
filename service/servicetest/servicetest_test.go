package servicetest_test

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

func TestMain(m *testing.M) { linktest.Main(m) }

// serve serves INCREMENT at an endpoint.
func serve(t testing.TB, e *servicetest.Endpoint) (stop func()) {
	cfg := service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}
	return servicetest.Serve(t, increment.NewServer(e.MustListen(t), cfg, increment.Next))
}

// session is a client's session at Level 1, which hides nothing.
func session(t testing.TB, e *servicetest.Endpoint) link.Conn {
	t.Helper()
	c, err := e.Dialer().Dial(t.Context(), link.Proposal{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends a request and waits for the answer.
func ask(c link.Conn, v uint64, d *link.Deadline) (uint64, error) {
	var m increment.Method
	b, err := c.Reserve(m.RequestSize(v))
	if err != nil {
		return 0, err
	}
	n, err := m.EncodeRequest(b, v)
	if err != nil {
		return 0, err
	}
	if err := c.Commit(wire.Header{Kind: wire.KindRequest, Code: uint16(m.Code()), ItemCount: 1, MessageID: v}, n, d); err != nil {
		return 0, err
	}
	var answer link.Message
	if err := c.Recv(&answer, d); err != nil {
		return 0, err
	}
	return m.DecodeResponse(answer.Payload)
}

func wantAnswer(t testing.TB, c link.Conn, v uint64) {
	t.Helper()
	if got, err := ask(c, v, nil); err != nil || got != v+1 {
		t.Fatalf("%d incremented is %d, %v", v, got, err)
	}
}

func TestNothingGoesWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := servicetest.NewEndpoint()
		if _, err := e.Dialer().Dial(t.Context(), link.Proposal{}); !errors.Is(err, link.ErrNotFound) {
			t.Errorf("nobody serves: %v", err)
		}
		for range 2 { // restarts
			stop := serve(t, e)
			if _, err := e.Listen(); !errors.Is(err, link.ErrAddrInUse) {
				t.Errorf("a second server: %v", err)
			}
			c := session(t, e)
			wantAnswer(t, c, 1)
			if e.Sessions() != 1 {
				t.Errorf("%d sessions", e.Sessions())
			}
			stop()
			stop()
			if e.Sessions() != 0 {
				t.Errorf("%d sessions after the end", e.Sessions())
			}
		}
	})
}

func TestDials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := servicetest.NewEndpoint()
		serve(t, e)
		mine := errors.New("mine")
		e.FailDials(2, nil)
		e.FailDials(1, mine)
		e.RefuseDials(2, wire.StatusAuthFailed)
		for _, want := range []error{link.ErrNotFound, link.ErrNotFound, mine, link.ErrRefused, link.ErrRefused} {
			_, err := e.Dialer().Dial(t.Context(), link.Proposal{})
			if !errors.Is(err, want) {
				t.Fatalf("dial: %v, want %v", err, want)
			}
			var refused *link.RefusedError
			if errors.As(err, &refused) && refused.Status != wire.StatusAuthFailed {
				t.Errorf("refused with %v", refused.Status)
			}
		}
		wantAnswer(t, session(t, e), 1)
	})
}

func TestBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := servicetest.NewEndpoint()
		serve(t, e)
		whole := session(t, e)
		for _, k := range []int{0, 1, 3} {
			e.BreakAfter(k)
			c := session(t, e)
			for i := range k {
				wantAnswer(t, c, uint64(i))
			}
			if _, err := ask(c, 9, nil); !errors.Is(err, link.ErrReset) {
				t.Errorf("request %d: %v", k+1, err)
			}
		}
		e.BreakAfter(-1)
		c := session(t, e)
		wantAnswer(t, c, 1)
		wantAnswer(t, whole, 1) // it began before
		e.Break()
		for _, c := range []link.Conn{c, whole} {
			if _, err := ask(c, 2, nil); !errors.Is(err, link.ErrReset) {
				t.Errorf("a broken session: %v", err)
			}
		}
	})
}

func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := servicetest.NewEndpoint()
		serve(t, e)
		release := e.Hold()
		got := make(chan uint64, 2)
		for range 2 {
			c := session(t, e)
			go func() {
				v, err := ask(c, 1, nil)
				if err != nil {
					t.Error(err)
				}
				got <- v
			}()
		}
		late := session(t, e)
		soon := link.Within(time.Second)
		if _, err := ask(late, 1, &soon); !errors.Is(err, link.ErrTimeout) {
			t.Errorf("held back: %v", err)
		}
		if len(got) != 0 {
			t.Error("an answer came through")
		}
		release()
		release()
		if a, b := <-got, <-got; a != 2 || b != 2 {
			t.Error("wrong answers")
		}
		wantAnswer(t, session(t, e), 1)
	})
}

// A server ends although answers are held back.
func TestHoldAndClose(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"by Close": -1, "by its own timeout": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := servicetest.NewEndpoint()
				s := increment.NewServer(e.MustListen(t), service.ServerConfig{SendTimeout: timeout}, increment.Next)
				stop := servicetest.Serve(t, s)
				defer e.Hold()()
				c := session(t, e)
				failed := make(chan error, 1)
				go func() {
					_, err := ask(c, 1, nil)
					failed <- err
				}()
				synctest.Wait()
				if timeout < 0 {
					stop()
				}
				if err := <-failed; !errors.Is(err, link.ErrPeerClosed) {
					t.Errorf("the client: %v", err)
				}
			})
		})
	}
}

func TestGarble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := servicetest.NewEndpoint()
		serve(t, e)
		c := session(t, e)
		e.Garble(2)
		for range 2 {
			if v, err := ask(c, 1, nil); err == nil {
				t.Errorf("nonsense was taken for %d", v)
			}
		}
		wantAnswer(t, c, 1)
	})
}

// counted counts what a server exchanges.
type counted struct {
	link.Conn
	exchanges *atomic.Int64
}

func (c counted) Exchange(h wire.Header, n int, m *link.Message, d *link.Deadline, sent func() error) (bool, error) {
	c.exchanges.Add(1)
	return c.Conn.Exchange(h, n, m, d, sent)
}

func TestWrap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := servicetest.NewEndpoint()
		var exchanges atomic.Int64
		l := servicetest.Wrap(e.MustListen(t), func(c link.Conn) link.Conn { return counted{c, &exchanges} })
		cfg := service.ServerConfig{Logger: slog.New(slog.DiscardHandler)}
		servicetest.Serve(t, increment.NewServer(l, cfg, increment.Next))
		for range 3 {
			wantAnswer(t, session(t, e), 1)
		}
		if n := exchanges.Load(); n != 3 {
			t.Errorf("%d exchanges are counted, want 3", n)
		}
	})
}
