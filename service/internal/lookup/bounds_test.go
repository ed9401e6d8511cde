package lookup_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
)

// One deadline bounds all requests of a call, whether it is the context's or the client's own.
func TestOneDeadline(t *testing.T) {
	for name, own := range map[string]bool{"of the context": false, "of the client": true} {
		for _, depth := range depths {
			t.Run(fmt.Sprintf("%s, depth %d", name, depth), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, limits{request: 1 << 10, response: 1 << 20, depth: depth}, applookup.Ceilings{}, func(_ int, pids []uint32) payload.Response {
						<-time.After(time.Second) // of the bubble's clock
						return items(pids, func(i int) payload.Status {
							if i == 0 {
								return payload.StatusKnown
							}
							return payload.StatusPayloadExceeded
						})
					})
					defer r.Close()
					bound, ctx := service.DefaultTimeout, t.Context()
					if !own {
						var cancel context.CancelFunc
						bound = 10*time.Second + time.Millisecond
						ctx, cancel = context.WithTimeout(ctx, bound)
						defer cancel()
					}
					start := time.Now()
					err := r.View(ctx, numbered(50), func(applookup.AnswerView) error { return nil })
					if !errors.Is(err, service.ErrTimeout) || time.Since(start).Round(time.Second) != bound.Round(time.Second) {
						t.Errorf("after %v: %v, want ErrTimeout after %v", time.Since(start), err, bound)
					}
					<-time.After(2 * time.Second) // the handler comes back
				})
			})
		}
	}
}

// Cancelling the context and Abort end a call between two of its requests, and an Abort that is cleared meanwhile does
// too.
func TestEndsBetweenRequests(t *testing.T) {
	for name, c := range map[string]struct {
		want error
		end  func(r *rig, cancel func())
	}{
		"cancel":         {context.Canceled, func(_ *rig, cancel func()) { cancel() }},
		"abort":          {service.ErrAborted, func(r *rig, _ func()) { r.Abort() }},
		"abort, cleared": {service.ErrAborted, func(r *rig, _ func()) { r.Abort(); r.ClearAbort() }},
		"close":          {service.ErrClosed, func(r *rig, _ func()) { go r.Close() }},
	} {
		for _, depth := range depths {
			t.Run(fmt.Sprintf("%s, depth %d", name, depth), func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var r *rig
				r = newRig(t, limits{request: 1 << 10, response: 1 << 20, depth: depth}, applookup.Ceilings{}, func(n int, pids []uint32) payload.Response {
					if n == 3 {
						c.end(r, cancel)
					}
					return items(pids, func(i int) payload.Status {
						if i == 0 {
							return payload.StatusKnown
						}
						return payload.StatusPayloadExceeded
					})
				})
				if err := r.View(ctx, numbered(1000), func(applookup.AnswerView) error { return nil }); !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
			})
		}
	}
}

// Without configuration the limits of requests grow once a lookup would take many for no other reason.
func TestGrowth(t *testing.T) {
	r := newGrowing(t, 0)
	if err := r.View(t.Context(), numbered(500), func(applookup.AnswerView) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if info, _ := r.Session(); len(r.asked()) != 8 || info.Limits.RequestPayload != 1024 {
		t.Errorf("500 keys: %d requests within %d bytes, want 8 within 1024", len(r.asked()), info.Limits.RequestPayload)
	}
	r.all = nil
	if err := r.View(t.Context(), numbered(60000), func(applookup.AnswerView) error { return nil }); err != nil {
		t.Fatal(err)
	}
	// 64 KiB of answer are 910 keys of which nothing is known.
	if info, _ := r.Session(); len(r.asked()) > 60000/700 || info.Limits.RequestPayload != 16384 {
		t.Errorf("60,000 keys: %d requests within %d bytes", len(r.asked()), info.Limits.RequestPayload)
	}
	if n := r.Status().Reconnects; n != 1 {
		t.Errorf("%d reconnects, want 1", n)
	}
}

// A provider that grants no larger requests is asked once, and small ones have to do.
func TestGrowthRefused(t *testing.T) {
	r := newGrowing(t, 1024)
	for range 3 {
		n := 0
		err := r.View(t.Context(), numbered(5000), func(v applookup.AnswerView) error { n = v.Len(); return nil })
		if err != nil || n != 5000 {
			t.Fatalf("%d items, %v", n, err)
		}
	}
	if info, _ := r.Session(); info.Limits.RequestPayload != 1024 {
		t.Errorf("requests of %d bytes", info.Limits.RequestPayload)
	}
	if st := r.Status(); st.Errors != 1 || st.Reconnects != 0 {
		t.Errorf("%d refusals and %d reconnects, want 1 and none", st.Errors, st.Reconnects)
	}
}

// A provider that has become smaller meanwhile gets smaller requests.
func TestLimitsShrink(t *testing.T) {
	e, s := newShrinking(t, 8192)
	c := applookup.NewClient(e.Dialer(), applookup.Config{Config: service.Config{Proposal: proposal(8192), MaxRequestPayload: 8192}})
	defer c.Close()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	s()
	newShrunk(t, e, 8192, 2048)
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := c.View(t.Context(), numbered(400), func(v applookup.AnswerView) error { n = v.Len(); return nil }); err != nil || n != 400 {
		t.Errorf("%d items, %v", n, err)
	}
}

// A client that has no session says so at once.
func TestNotReady(t *testing.T) {
	r := newRig(t, limits{request: 1 << 10, response: 1 << 10}, applookup.Ceilings{}, nil)
	r.Close()
	for _, n := range []int{0, 1, 1000} {
		err := r.View(t.Context(), numbered(n), func(applookup.AnswerView) error { return nil })
		if !errors.Is(err, service.ErrClosed) {
			t.Errorf("%d keys: %v, want ErrClosed", n, err)
		}
	}
	if _, ok := r.Session(); ok {
		t.Error("a closed client has a session")
	}
}

// A provider that fails in the middle fails the call.
func TestHandlerFails(t *testing.T) {
	r := newRawRig(t, limits{request: 1 << 10, response: 1 << 10}, applookup.Ceilings{}, func(n int, pids []uint32) []byte {
		if n > 2 {
			return []byte{1}
		}
		answer := items(pids, all(payload.StatusUnknown))
		size, _ := answer.Size()
		b := make([]byte, size)
		if _, err := answer.Encode(b); err != nil {
			t.Error(err)
		}
		return b
	})
	err := r.View(t.Context(), numbered(100), func(applookup.AnswerView) error { return nil })
	if !errors.Is(err, service.ErrMalformed) {
		t.Errorf("%v, want ErrMalformed", err)
	}
	var status *service.StatusError
	if errors.As(err, &status) && status.Status != wire.StatusOK {
		t.Error(err)
	}
}
