package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

func TestServerSeats(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var rec recorder
		r := newRig(t, service.ServerConfig{MaxSessions: 2, OnEvent: rec.note}, echo)
		a, b := r.mustDial(link.Proposal{}), r.mustDial(link.Proposal{})
		for range 10 {
			_, err := r.dial(link.Proposal{})
			wantRefused(t, err, wire.StatusInternalError)
		}
		wantEcho(t, a, 1)
		wantEcho(t, b, 1)
		synctest.Wait()
		if st := r.s.Status(); st.Sessions != 2 || st.Accepted != 2 || st.Refused != 10 || st.Handshakes != 0 {
			t.Errorf("status %+v", st)
		}
		if e := rec.wait(t, link.EventRefuse); !errors.Is(e.Err, service.ErrTooManySessions) || !errors.Is(e.Err, link.ErrRefused) {
			t.Errorf("event %+v", e)
		}
		a.Close()
		synctest.Wait()
		wantEcho(t, r.mustDial(link.Proposal{}), 1)
		_, err := r.dial(link.Proposal{})
		wantRefused(t, err, wire.StatusInternalError)
	})
}

// However many clients come at once, exactly as many as there are seats get a session, and all others hear why
// not before they believe in one (spec 15-i).
func TestServerSeatsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const seats, clients = 5, 200
		r := newRig(t, service.ServerConfig{MaxSessions: seats}, echo)
		got := make(chan error, clients)
		for range clients {
			go func() {
				c, err := r.dial(link.Proposal{})
				if err == nil {
					t.Cleanup(func() { c.Close() })
					_, _, err = ask(c, blobRequest(1), nil)
				}
				got <- err
			}()
		}
		served := 0
		for range clients {
			if err := <-got; err == nil {
				served++
			} else {
				wantRefused(t, err, wire.StatusInternalError)
			}
		}
		if served != seats {
			t.Errorf("%d clients served, %d seats", served, seats)
		}
	})
}

// Clients that connect and say nothing do not keep out one that does, be there ever so few seats.
func TestServerSilentClients(t *testing.T) {
	for name, c := range map[string]struct {
		seats, silent int
		wait          time.Duration // at most, in virtual time
	}{
		"plenty of seats": {0, 1000, 0},
		"one seat":        {1, 1, 250 * time.Millisecond},
		"few seats":       {4, 1000, 250 * time.Millisecond},
		"seats short":     {1000, 1000, 250 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, service.ServerConfig{MaxSessions: c.seats}, echo)
				for range c.silent {
					r.silent()
				}
				begin := time.Now()
				wantEcho(t, r.mustDial(link.Proposal{}), 1)
				if d := time.Since(begin); d > c.wait {
					t.Errorf("a good client got its answer after %v of virtual time, want %v", d, c.wait)
				}
			})
		})
	}
}

// Silent clients that keep coming cannot starve those that do not keep silent.
func TestServerSilentFlood(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, service.ServerConfig{MaxSessions: 4}, echo)
		flood, stop := context.WithCancel(t.Context())
		flooded := make(chan struct{})
		go func() {
			defer close(flooded)
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for flood.Err() == nil {
				p, err := r.net.Connect(rigName)
				if err != nil {
					t.Error(err)
				}
				defer p.Close()
				select {
				case <-tick.C:
				case <-flood.Done():
				}
			}
		}()
		for range 20 {
			c, err := r.dial(link.Proposal{})
			for errors.Is(err, link.ErrRefused) {
				c, err = r.dial(link.Proposal{})
			}
			if err != nil {
				t.Fatal(err)
			}
			wantEcho(t, c, 1)
			c.Close()
		}
		stop()
		<-flooded
	})
}

// A full server refuses many at once, and those that it has no room for even to refuse do not hold it up.
func TestServerCrowd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, service.ServerConfig{MaxSessions: 1}, echo)
		c := r.mustDial(link.Proposal{})
		var crowd []link.Packets
		for range 1000 {
			crowd = append(crowd, r.silent())
		}
		synctest.Wait()
		if st := r.s.Status(); st.Refused != 1000-256 {
			t.Errorf("%d turned away, want all but the 256 that came last", st.Refused)
		}
		for i, p := range crowd {
			past := link.Deadline(1)
			_, _, err := p.ReadPacket(nil, 100, &past)
			if gone := !errors.Is(err, link.ErrTimeout); gone != (i < 1000-256) {
				t.Fatalf("silent client %d: %v", i, err)
			}
		}
		wantEcho(t, c, 1)
		_, err := r.dial(link.Proposal{})
		wantRefused(t, err, wire.StatusInternalError)
		// The rest is sent away by the listener's own limit.
		<-time.After(5 * time.Second)
		synctest.Wait()
		if st := r.s.Status(); st.Refused != 1001 {
			t.Errorf("%d refused in the end", st.Refused)
		}
	})
}

// A silent client that is sent away for another is told apart in the events.
func TestServerSilentEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var rec recorder
		r := newRig(t, service.ServerConfig{MaxSessions: 1, OnEvent: rec.note}, echo)
		r.silent()
		synctest.Wait()
		wantEcho(t, r.mustDial(link.Proposal{}), 1)
		if e := rec.wait(t, link.EventRefuse); !errors.Is(e.Err, service.ErrSilent) {
			t.Errorf("event %+v", e)
		}
	})
}

func TestServerRefusesByToken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, service.ServerConfig{AuthToken: 7}, echo)
		_, err := r.dial(link.Proposal{AuthToken: 8})
		wantRefused(t, err, wire.StatusAuthFailed)
		_, err = r.dial(link.Proposal{AuthToken: 7, Supported: 1 << 20})
		wantRefused(t, err, wire.StatusUnsupported)
		c := r.mustDial(link.Proposal{AuthToken: 7})
		wantEcho(t, c, 1)
		synctest.Wait()
		if st := r.s.Status(); st.Refused != 2 || st.Accepted != 1 {
			t.Errorf("status %+v", st)
		}
	})
}
