package service_test

import (
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
)

// rude is number with code that does not return, wherever the request says so.
type rude struct{ number }

// rudeRequest is a number and where things go wrong.
type rudeRequest struct {
	v  uint64
	at string
	do func()
}

func (r rudeRequest) when(at string) {
	if r.at == at {
		r.do()
	}
}

func (rude) RequestSize(r rudeRequest) int {
	r.when("RequestSize")
	return 16
}

func (rude) EncodeRequest(dst []byte, r rudeRequest) (int, error) {
	r.when("EncodeRequest")
	binary.NativeEndian.PutUint64(dst, r.v)
	binary.NativeEndian.PutUint64(dst[8:], 0)
	if r.at == "DecodeResponse" {
		dst[8] = 0x10
	}
	return 16, nil
}

// rudeAnswer is what DecodeResponse panics with, or exits for: the view does not know the request.
var rudeAnswer func()

func (rude) DecodeResponse(b []byte) (uint64, error) {
	if len(b) != 16 {
		return 0, codec.FieldError("rude", "", codec.ErrTruncated)
	}
	if b[8]&0x10 != 0 { // increment adds to all of a batch
		rudeAnswer()
	}
	return binary.NativeEndian.Uint64(b), nil
}

type rudeClient = service.Client[rudeRequest, uint64, rude]

// TestUsersCodeDoesNotReturn: what belongs to the user panics, or ends its goroutine. That is the user's business,
// and the client is as good as before: the only place is free, the send lock too, and no session is lost.
func TestUsersCodeDoesNotReturn(t *testing.T) {
	oops := errors.New("oops")
	for how, do := range map[string]func(){
		"panic":  func() { panic(oops) },
		"Goexit": runtime.Goexit,
	} {
		for _, at := range []string{"RequestSize", "EncodeRequest", "DecodeResponse", "use"} {
			for kind, call := range map[string]func(*testing.T, *rudeClient, rudeRequest) error{
				"Call": func(t *testing.T, c *rudeClient, r rudeRequest) error {
					return c.Call(t.Context(), r, func(uint64) error { r.when("use"); return nil })
				},
				"CallBatch": func(t *testing.T, c *rudeClient, r rudeRequest) error {
					return c.CallBatch(t.Context(), []rudeRequest{{v: 1}, r, {v: 3}}, func(i int, _ uint64) error {
						if i == 1 {
							r.when("use")
						}
						return nil
					})
				},
				"Acquire": func(t *testing.T, c *rudeClient, r rudeRequest) error {
					l, err := c.Acquire(t.Context(), r)
					l.Release()
					r.when("use")
					return err
				},
			} {
				t.Run(how+"/"+at+"/"+kind, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						net := linktest.NewNetwork()
						p := (&provider{net: net, name: "rude", serve: increment}).start()
						defer p.stop()
						c := service.NewClient[rudeRequest, uint64, rude](net.Dialer("rude"), service.Config{Proposal: link.Proposal{Depth: 1, RequestItems: 4}})
						defer c.Close()
						if _, err := c.Refresh(t.Context()); err != nil {
							t.Fatal(err)
						}
						rudeAnswer = do
						returned, recovered := false, any(nil)
						done := make(chan struct{})
						go func() {
							defer close(done)
							defer func() { recovered = recover() }()
							call(t, c, rudeRequest{v: 2, at: at, do: do})
							returned = true
						}()
						<-done
						if returned || how == "panic" && recovered != oops {
							t.Errorf("returned %v, recovered %v", returned, recovered)
						}
						if err := c.Debt(); err != nil {
							t.Errorf("left behind: %v", err)
						}
						for range 3 {
							if err := call(t, c, rudeRequest{v: 2}); err != nil {
								t.Fatalf("afterwards: %v", err)
							}
						}
						if n := p.sessions.Load(); n != 1 {
							t.Errorf("%d sessions", n)
						}
					})
				})
			}
		}
	}
}

// TestDialerPanics: whoever else waits for that handshake makes one of his own, and Close does not wait for ever.
func TestDialerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oops := errors.New("oops")
		hold := make(chan struct{})
		dials := 0
		tap := &tapped{dial: func(_ context.Context, _ link.Proposal, next func() (link.Conn, error)) (link.Conn, error) {
			if dials++; dials == 1 {
				<-hold
				panic(oops)
			}
			return next()
		}}
		c, _ := newTapped(t, service.Config{}, tap, increment)
		first := make(chan any)
		go func() {
			defer func() { first <- recover() }()
			c.Refresh(t.Context())
		}()
		synctest.Wait()
		second := make(chan error)
		go func() { _, err := c.Refresh(t.Context()); second <- err }()
		synctest.Wait()
		close(hold)
		if r := <-first; r != oops {
			t.Errorf("recovered %v", r)
		}
		if err := <-second; err != nil || !c.Ready() {
			t.Errorf("the other one: %v", err)
		}
		settled(t, c)
	})
}

// TestMethodThatCannotCount: sizes that make no sense end the call, not the session.
func TestMethodThatCannotCount(t *testing.T) {
	for name, lie := range map[string]liar{
		"size below 0":            {size: -1, n: 0},
		"more written than asked": {size: 8, n: 9},
		"less than nothing":       {size: 8, n: -1},
	} {
		t.Run(name, func(t *testing.T) {
			net := linktest.NewNetwork()
			p := (&provider{net: net, name: "liar", serve: increment}).start()
			defer p.stop()
			c := service.NewClient[liar, uint64, lying](net.Dialer("liar"), service.Config{Proposal: link.Proposal{RequestItems: 4}})
			defer c.Close()
			if _, err := c.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			use := func(uint64) error { return nil }
			if err := c.Call(t.Context(), lie, use); err == nil {
				t.Error("no error")
			}
			if err := c.CallBatch(t.Context(), []liar{lie, lie}, ignore); err == nil {
				t.Error("no error from a batch")
			}
			if err := c.Call(t.Context(), liar{size: 8, n: 8}, use); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if n := p.sessions.Load(); n != 1 {
				t.Errorf("%d sessions", n)
			}
			if err := c.Debt(); err != nil {
				t.Error(err)
			}
		})
	}
}

// liar says what lying is to say about sizes.
type liar struct{ size, n int }

type lying struct{ number }

func (lying) RequestSize(r liar) int                        { return r.size }
func (lying) EncodeRequest(dst []byte, r liar) (int, error) { clear(dst); return r.n, nil }
