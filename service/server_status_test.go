package service_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

func TestServerStatus(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRigOn(t, linktest.ListenConfig{Client: link.Peer{Known: true, PID: 42, UID: 7}}, nil,
			service.ServerConfig{MeasureLatency: true}, func(_ context.Context, req []byte, out *blob) error {
				<-time.After(time.Duration(req[0]) * time.Millisecond)
				return out.put(req)
			})
		a, b := r.mustDial(link.Proposal{}), r.mustDial(link.Proposal{})
		for _, ms := range []byte{1, 3, 200} {
			if _, _, err := ask(a, blobRequest(1), []byte{ms, 0, 0}); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := ask(b, blobRequest(1), []byte{5}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		all := r.s.Sessions()
		if len(all) != 2 || all[0].Info.SessionID != 1 || all[1].Info.SessionID != 2 ||
			all[0].Requests != 3 || all[0].BytesIn != 3*35 || all[0].BytesOut != 3*35 || all[1].Requests != 1 ||
			all[0].Info.Peer.PID != 42 || all[0].Busy || all[0].Since.IsZero() {
			t.Errorf("sessions %+v", all)
		}
		before := r.s.Status()
		a.Close() // what it has counted stays
		synctest.Wait()
		st := r.s.Status()
		if st.Sessions != 1 || st.Requests != 4 || st.BytesIn != 3*35+33 || st.BytesOut != st.BytesIn || st.Answers[wire.StatusOK] != 4 {
			t.Errorf("status %+v", st)
		}
		if st.Latency != before.Latency {
			t.Errorf("latencies %+v, then %+v", before.Latency, st.Latency)
		}
		lat := st.Latency
		if lat.Count != 4 || lat.Sum != 209*time.Millisecond || lat.Mean() != lat.Sum/4 {
			t.Errorf("latencies %+v", lat)
		}
		for _, q := range []struct {
			q    float64
			true time.Duration
		}{{0.25, time.Millisecond}, {0.5, 3 * time.Millisecond}, {0.75, 5 * time.Millisecond}, {1, 200 * time.Millisecond}} {
			if got := lat.Quantile(q.q); got <= q.true || got > 2*q.true {
				t.Errorf("quantile %v is %v, the true value %v", q.q, got, q.true)
			}
		}
	})
}

func TestHistogramZero(t *testing.T) {
	var h service.Histogram
	if h.Quantile(0.5) != 0 || h.Mean() != 0 {
		t.Error("an empty histogram has a quantile or a mean")
	}
	h.Count = 1
	h.Buckets[service.HistogramBuckets-1] = 1
	if got := h.Quantile(0.99); got != service.HistogramBound(service.HistogramBuckets-1) {
		t.Errorf("quantile %v", got)
	}
}

func TestServerEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var rec recorder
		cfg := service.ServerConfig{OnEvent: rec.note, Logger: slog.New(slog.NewTextHandler(&rec, &slog.HandlerOptions{Level: slog.LevelDebug}))}
		gone := errors.New("the cgroup is gone")
		r := newRig(t, cfg, func(context.Context, []byte, *blob) error { return gone })
		c := r.mustDial(link.Proposal{})
		wantStatus(t, c, blobRequest(1), nil, wire.StatusInternalError)
		wantEnd(t, c)
		synctest.Wait()
		r.mustDial(link.Proposal{}).Close()
		synctest.Wait()
		r.s.Close()
		var got []string
		for _, e := range rec.events {
			got = append(got, e.Kind.String())
		}
		if s := strings.Join(got, " "); s != "accept end accept end" {
			t.Errorf("events: %s", s)
		}
		if err := rec.events[1].Err; !errors.Is(err, gone) {
			t.Errorf("the first session ended with %v", err)
		}
		if err := rec.events[3].Err; !errors.Is(err, link.ErrPeerClosed) {
			t.Errorf("the second session ended with %v", err)
		}
		for _, want := range []string{"netipc: accept", "netipc: end", "the cgroup is gone", "session=2", "service=" + rigName} {
			if !strings.Contains(rec.text(), want) {
				t.Errorf("the log lacks %q:\n%s", want, rec.text())
			}
		}
	})
}

func TestSessionFromElsewhere(t *testing.T) {
	if info, ok := service.SessionFrom(t.Context()); ok {
		t.Errorf("a context of nobody's has the session %+v", info)
	}
}

// Requests and answers of any sizes, in any order, are counted exactly: while one is being answered, when it is, and
// when its session is over.
func TestServerCountsAnySize(t *testing.T) {
	bubble(t, func(t *testing.T) {
		entered, release := make(chan struct{}), make(chan struct{})
		r := newRig(t, service.ServerConfig{}, func(_ context.Context, req []byte, out *blob) error {
			if len(req) == 3 {
				entered <- struct{}{}
				<-release
			}
			return out.put(make([]byte, len(req)/2))
		})
		c := r.mustDial(link.Proposal{})
		var want service.ServerStatus
		check := func(what string) {
			t.Helper()
			synctest.Wait()
			st := r.s.Status()
			if st.Requests != want.Requests || st.Answers != want.Answers || st.BytesIn != want.BytesIn || st.BytesOut != want.BytesOut {
				t.Fatalf("%s: %d requests, answers %v, %d bytes in, %d out; want %d, %v, %d, %d", what,
					st.Requests, st.Answers, st.BytesIn, st.BytesOut, want.Requests, want.Answers, want.BytesIn, want.BytesOut)
			}
		}
		for i, n := range []int{8, 8, 8, 9, 8, 0, 0, 3, 3, 700, 8, 8, 3} {
			id := uint64(i)
			want.Requests++
			want.BytesIn += wire.HeaderSize + uint64(n)
			if err := sendBlob(c, blobRequest(id), make([]byte, n)); err != nil {
				t.Fatal(err)
			}
			if n == 3 {
				<-entered
				check("while it is being answered")
				release <- struct{}{}
			}
			if _, p, err := hear(c); err != nil || len(p) != n/2 {
				t.Fatalf("%d bytes, %v", len(p), err)
			}
			want.Answers[wire.StatusOK]++
			want.BytesOut += wire.HeaderSize + uint64(n/2)
			check("when it is answered")
			if i%4 == 0 {
				h := blobRequest(id)
				h.Code++
				wantStatus(t, c, h, []byte("x"), wire.StatusUnsupported)
				want.Requests++
				want.BytesIn += wire.HeaderSize + 1
				want.Answers[wire.StatusUnsupported]++
				want.BytesOut += wire.HeaderSize
				check("when it is refused")
			}
		}
		wantStatus(t, c, blobRequest(99), []byte{0xff, 1}, wire.StatusBadEnvelope)
		want.Requests++
		want.BytesIn += wire.HeaderSize + 2
		want.Answers[wire.StatusBadEnvelope]++
		want.BytesOut += wire.HeaderSize
		check("when it was the last")
		c.Close()
		check("when the session is over")
	})
}
