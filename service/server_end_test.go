package service_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// ends are the ways to end a server.
var ends = []struct {
	name string
	end  func(*rig) error
	cut  error // what the end returns when a call is in progress that does not come to its end; nil: it waits
	now  bool  // calls in progress are ended
}{
	{"Shutdown", func(r *rig) error { return r.s.Shutdown(context.Background()) }, nil, false},
	{"Shutdown that times out", func(r *rig) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return r.s.Shutdown(ctx)
	}, context.DeadlineExceeded, true},
	{"Shutdown too late", func(r *rig) error {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errTooLate)
		return r.s.Shutdown(ctx)
	}, errTooLate, true},
	{"Close", func(r *rig) error { return r.s.Close() }, nil, true},
}

var errTooLate = errors.New("too late")

// wantEnded checks that everything of the server is gone.
func (r *rig) wantEnded() {
	r.t.Helper()
	synctest.Wait()
	select {
	case err := <-r.served:
		if err != nil {
			r.t.Errorf("Serve: %v", err)
		}
		r.served <- nil // for the end of the test
	default:
		r.t.Error("Serve still runs")
	}
	if st := r.s.Status(); st.Sessions != 0 || st.Handshakes != 0 || st.Serving {
		r.t.Errorf("status %+v", st)
	}
	if _, err := r.dial(link.Proposal{}); !errors.Is(err, link.ErrNotFound) {
		r.t.Errorf("the endpoint is still there: %v", err)
	}
}

func TestServerEndsIdle(t *testing.T) {
	for _, e := range ends {
		for _, sessions := range []int{0, 1, 50} {
			t.Run(fmt.Sprintf("%s/%d sessions", e.name, sessions), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					r := newRig(t, service.ServerConfig{}, echo)
					var all []link.Conn
					for range sessions {
						c := r.mustDial(link.Proposal{})
						wantEcho(t, c, 1)
						all = append(all, c)
					}
					begin := time.Now()
					if err := e.end(r); err != nil && e.cut != errTooLate {
						t.Errorf("the end of an idle server: %v", err)
					}
					if time.Since(begin) != 0 {
						t.Errorf("it took %v of virtual time", time.Since(begin))
					}
					r.wantEnded()
					for _, c := range all {
						if _, _, err := hear(c); !errors.Is(err, link.ErrPeerClosed) {
							t.Errorf("a session ended with %v", err)
						}
					}
				})
			})
		}
	}
}

func TestServerEndsInHandler(t *testing.T) {
	for _, e := range ends {
		t.Run(e.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				entered, release := make(chan context.Context), make(chan struct{})
				r := newRig(t, service.ServerConfig{}, func(ctx context.Context, req []byte, out *blob) error {
					entered <- ctx
					select {
					case <-release:
						return out.put(req)
					case <-ctx.Done():
						return context.Cause(ctx)
					}
				})
				busy, idle := r.mustDial(link.Proposal{}), r.mustDial(link.Proposal{})
				if err := sendBlob(busy, blobRequest(1), []byte("x")); err != nil {
					t.Fatal(err)
				}
				ctx := <-entered
				if info, ok := service.SessionFrom(ctx); !ok || info.SessionID != 1 {
					t.Errorf("SessionFrom: %+v, %v", info, ok)
				}
				ended := make(chan error, 1)
				go func() { ended <- e.end(r) }()
				wantEnd(t, idle) // at once, in any case
				synctest.Wait()
				if !e.now {
					if ctx.Err() != nil {
						t.Error("the handler was told to end")
					}
					if _, err := r.dial(link.Proposal{}); !errors.Is(err, link.ErrNotFound) {
						t.Errorf("still taking in clients: %v", err)
					}
					close(release)
					h, p, err := hear(busy)
					if err != nil || h.Status != wire.StatusOK || string(p) != "x" {
						t.Errorf("the answer is lost: %+v %q, %v", h, p, err)
					}
				}
				if err := <-ended; !errors.Is(err, e.cut) {
					t.Errorf("end: %v, want %v", err, e.cut)
				}
				if e.now && !errors.Is(context.Cause(ctx), service.ErrServerClosed) {
					t.Errorf("the handler was told %v", context.Cause(ctx))
				}
				wantEndOrFailure(t, busy)
				r.wantEnded()
			})
		})
	}
}

// wantEndOrFailure checks that a session ends, with or without a last INTERNAL_ERROR.
func wantEndOrFailure(t *testing.T, c link.Conn) {
	t.Helper()
	if h, _, err := hear(c); err == nil && h.Status != wire.StatusInternalError {
		t.Errorf("an answer %+v", h)
	} else if err == nil {
		wantEnd(t, c)
	}
}

func TestServerEndsInHandshake(t *testing.T) {
	for _, e := range ends {
		t.Run(e.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				// One seat is a session's, so one more client is being refused.
				for _, seats := range []int{1, 10} {
					r := newRig(t, service.ServerConfig{MaxSessions: seats}, echo)
					if seats == 1 {
						wantEcho(t, r.mustDial(link.Proposal{}), 1)
					}
					silent := r.silent()
					synctest.Wait()
					if err := e.end(r); err != nil && e.cut != errTooLate {
						t.Errorf("end: %v", err)
					}
					if _, _, err := silent.ReadPacket(nil, 100, nil); !errors.Is(err, link.ErrPeerClosed) {
						t.Errorf("a silent client ended with %v", err)
					}
					r.wantEnded()
				}
			})
		})
	}
}

func TestServerEndsInSend(t *testing.T) {
	for _, e := range ends {
		t.Run(e.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				const size = 10000
				r := newRigOn(t, linktest.ListenConfig{Packet: 200, Buffer: 4}, nil, service.ServerConfig{SendTimeout: -1},
					func(_ context.Context, _ []byte, out *blob) error { return out.put(make([]byte, size)) })
				c := r.mustDial(link.Proposal{})
				if err := sendBlob(c, blobRequest(1), nil); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // the server is in the middle of the answer
				ended := make(chan error, 1)
				go func() { ended <- e.end(r) }()
				if e.now {
					if err := <-ended; !errors.Is(err, e.cut) {
						t.Errorf("end: %v, want %v", err, e.cut)
					}
				}
				synctest.Wait()
				h, p, err := hear(c)
				if e.now && err == nil || !e.now && (err != nil || h.Status != wire.StatusOK || len(p) != size) {
					t.Errorf("answer %+v of %d bytes, %v", h, len(p), err)
				}
				if !e.now {
					if err := <-ended; err != nil {
						t.Errorf("end: %v", err)
					}
				}
				r.wantEnded()
			})
		})
	}
}

// Whoever does not read its answer is let go after SendTimeout.
func TestServerSendTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var rec recorder
		r := newRigOn(t, linktest.ListenConfig{Packet: 200, Buffer: 4}, nil, service.ServerConfig{OnEvent: rec.note},
			func(_ context.Context, _ []byte, out *blob) error { return out.put(make([]byte, 10000)) })
		c := r.mustDial(link.Proposal{})
		if err := sendBlob(c, blobRequest(1), nil); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if e := rec.wait(t, link.EventEnd); !errors.Is(e.Err, link.ErrTimeout) {
			t.Errorf("event %+v", e)
		}
		if d := time.Since(begin); d < service.DefaultSendTimeout {
			t.Errorf("let go after %v", d)
		}
	})
}

// A handler that does not heed its context cannot hang Close, and is not lost sight of.
func TestServerCloseWithStuckHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		entered, release := make(chan struct{}), make(chan struct{})
		r := newRig(t, service.ServerConfig{}, func(_ context.Context, req []byte, out *blob) error {
			close(entered)
			<-release
			return out.put(make([]byte, 5000)) // its buffer may be gone
		})
		c := r.mustDial(link.Proposal{})
		if err := sendBlob(c, blobRequest(1), nil); err != nil {
			t.Fatal(err)
		}
		<-entered
		for range 2 {
			if err := r.s.Close(); !errors.Is(err, service.ErrHandlersRunning) {
				t.Errorf("Close: %v", err)
			}
		}
		if err := <-r.served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		r.served <- nil
		wantEnd(t, c)
		close(release)
		synctest.Wait()
		if err := r.s.Close(); err != nil {
			t.Errorf("Close after the handler has returned: %v", err)
		}
		if st := r.s.Status(); st.Sessions != 0 {
			t.Errorf("status %+v", st)
		}
	})
}

func TestServerEndsByContext(t *testing.T) {
	for name, busy := range map[string]bool{"idle": false, "in a handler": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				net := linktest.NewNetwork()
				l, err := net.Listen(rigName, linktest.ListenConfig{})
				if err != nil {
					t.Fatal(err)
				}
				s := service.NewServer[blobs](l, service.ServerConfig{}, func(ctx context.Context, _ []byte, _ *blob) error {
					<-ctx.Done()
					if context.Cause(ctx) != errTooLate {
						t.Errorf("the handler was told %v", context.Cause(ctx))
					}
					return ctx.Err()
				})
				ctx, cancel := context.WithCancelCause(t.Context())
				served := make(chan error, 1)
				go func() { served <- s.Serve(ctx) }()
				c, err := net.Dialer(rigName).Dial(t.Context(), link.Proposal{})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if busy {
					if err := sendBlob(c, blobRequest(1), nil); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				if err := s.Serve(t.Context()); !errors.Is(err, service.ErrServing) {
					t.Errorf("a second Serve: %v", err)
				}
				cancel(errTooLate)
				if err := <-served; err != nil {
					t.Errorf("Serve: %v", err)
				}
				wantEndOrFailure(t, c)
				if _, err := net.Listen(rigName, linktest.ListenConfig{}); err != nil {
					t.Errorf("the endpoint is still taken: %v", err)
				}
			})
		})
	}
}

// Shutdown, then the context of Serve ends: what Shutdown waited for is cut.
func TestServerContextEndsDuringShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		net := linktest.NewNetwork()
		l, err := net.Listen(rigName, linktest.ListenConfig{})
		if err != nil {
			t.Fatal(err)
		}
		s := service.NewServer[blobs](l, service.ServerConfig{}, func(ctx context.Context, _ []byte, _ *blob) error {
			<-ctx.Done()
			return ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		served, shut := make(chan error, 1), make(chan error, 1)
		go func() { served <- s.Serve(ctx) }()
		c, err := net.Dialer(rigName).Dial(t.Context(), link.Proposal{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := sendBlob(c, blobRequest(1), nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		go func() { shut <- s.Shutdown(context.Background()) }()
		synctest.Wait()
		cancel()
		if err := errors.Join(<-served, <-shut); err != nil {
			t.Error(err)
		}
	})
}

func TestServerEndsBeforeServe(t *testing.T) {
	for _, e := range ends {
		t.Run(e.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := &rig{t: t, net: linktest.NewNetwork()}
				var err error
				if r.l, err = r.net.Listen(rigName, linktest.ListenConfig{}); err != nil {
					t.Fatal(err)
				}
				r.s = service.NewServer[blobs](r.l, service.ServerConfig{}, echo)
				for range 2 {
					if err := e.end(r); err != nil {
						t.Errorf("end: %v", err)
					}
				}
				if _, err := r.dial(link.Proposal{}); !errors.Is(err, link.ErrNotFound) {
					t.Errorf("still listening: %v", err)
				}
				for range 2 {
					if err := r.s.Serve(t.Context()); err != nil {
						t.Errorf("Serve: %v", err)
					}
				}
			})
		})
	}
}

// All ends at once, from many goroutines, while clients come and call.
func TestServerEndsConcurrently(t *testing.T) {
	r := newRig(t, service.ServerConfig{MaxSessions: 8, MeasureLatency: true}, echo)
	var clients, enders sync.WaitGroup
	answered := make(chan struct{}, 1)
	for range 16 {
		clients.Go(func() {
			for {
				c, err := r.dial(link.Proposal{})
				if errors.Is(err, link.ErrNotFound) {
					return
				}
				if err != nil {
					continue
				}
				for id := uint64(1); id < 20 && err == nil; id++ {
					_, _, err = ask(c, blobRequest(id), []byte("x"))
				}
				c.Close()
				select {
				case answered <- struct{}{}:
				default:
				}
			}
		})
	}
	linktest.Await(t, "an answer", answered)
	for i := range 12 {
		enders.Go(func() {
			r.s.Status()
			r.s.Sessions()
			if err := ends[i%len(ends)].end(r); err != nil && !errors.Is(err, errTooLate) {
				t.Errorf("end: %v", err)
			}
		})
	}
	enders.Wait()
	clients.Wait()
}

// badListener fails to accept.
type badListener struct {
	link.Listener
	mu   sync.Mutex
	errs []error
}

func (b *badListener) Accept(ctx context.Context) (link.Incoming, error) {
	b.mu.Lock()
	if len(b.errs) > 0 {
		err := b.errs[0]
		b.errs = b.errs[1:]
		b.mu.Unlock()
		return nil, link.NewOpError("accept", "bad", err)
	}
	b.mu.Unlock()
	return b.Listener.Accept(ctx)
}

// temporary is what syscall.EMFILE is where there are descriptors.
type temporary struct{ error }

func (temporary) Temporary() bool { return true }

func TestServerAcceptFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		passing := temporary{errors.New("too many open files")}
		bad := &badListener{errs: []error{passing, passing, passing}}
		r := newRigOn(t, linktest.ListenConfig{}, func(l link.Listener) link.Listener { bad.Listener = l; return bad },
			service.ServerConfig{}, echo)
		wantEcho(t, r.mustDial(link.Proposal{}), 1) // it takes a while
	})
	bubble(t, func(t *testing.T) {
		net := linktest.NewNetwork()
		l, err := net.Listen(rigName, linktest.ListenConfig{})
		if err != nil {
			t.Fatal(err)
		}
		s := service.NewServer[blobs](&badListener{Listener: l, errs: []error{syscall.EINVAL}}, service.ServerConfig{}, echo)
		if err := s.Serve(t.Context()); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("Serve: %v", err)
		}
		if _, err := net.Listen(rigName, linktest.ListenConfig{}); err != nil {
			t.Errorf("the endpoint is still taken: %v", err)
		}
	})
}

// A server that cannot accept for a while ends as promptly as any.
func TestServerEndsInAcceptPause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bad := &badListener{}
		for range 1000 {
			bad.errs = append(bad.errs, temporary{errors.New("too many open files")})
		}
		r := newRigOn(t, linktest.ListenConfig{}, func(l link.Listener) link.Listener { bad.Listener = l; return bad },
			service.ServerConfig{}, echo)
		<-time.After(10 * time.Second)
		begin := time.Now()
		if err := r.s.Shutdown(t.Context()); err != nil || time.Since(begin) != 0 {
			t.Errorf("Shutdown: %v, after %v", err, time.Since(begin))
		}
	})
}
