package service

import (
	"cmp"
	"slices"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// Answers counts answers by their status: Answers[wire.StatusOK], Answers[wire.StatusInternalError], ...
type Answers [wire.StatusInternalError + 1]uint64

// ServerStatus is a moment in a server's life. The counts are since its beginning.
type ServerStatus struct {
	Endpoint        string
	Serving         bool   // clients are taken in
	ResponseCeiling uint32 // response limit of the next session, bytes

	Sessions   int    // now
	Handshakes int    // that go on now
	Accepted   uint64 // sessions that there were, those of now included
	Refused    uint64 // clients that got no session: refused, or gone before

	Requests   uint64  // received whole
	Answers    Answers // sent
	Violations uint64  // of the protocol, by clients; each ended its session
	Panics     uint64  // of the handler, runtime.Goexit included
	BytesIn    uint64  // of requests, their headers included
	BytesOut   uint64  // of answers, their headers included

	// Latency is the time from a request's last byte to the answer's last byte, of answers that say OK.
	// Empty without ServerConfig.MeasureLatency.
	Latency Histogram
}

// SessionStatus is a moment in the life of a server's session.
type SessionStatus struct {
	Info     link.Info
	Since    time.Time
	Busy     bool // a request is being answered
	Requests uint64
	BytesIn  uint64
	BytesOut uint64
}

// tally are the counters of a session, under its lock.
type tally struct {
	requests, bytesIn, bytesOut, panics uint64
	answers                             Answers
	latency                             *Histogram // nil if it is not measured
}

func (t *tally) init(latency bool) {
	if latency {
		t.latency = new(Histogram)
	}
}

// received counts a request with n bytes of payload.
func (t *tally) received(n int) {
	t.requests++
	t.bytesIn += uint64(n) + wire.HeaderSize
}

// turns counts so many requests with in bytes of payload, and their answers with out bytes.
func (t *tally) turns(n uint64, in, out int) {
	t.requests += n
	t.bytesIn += n * (uint64(in) + wire.HeaderSize)
	t.answers[wire.StatusOK] += n
	t.bytesOut += n * (uint64(out) + wire.HeaderSize)
}

// sent counts an answer with n bytes of payload.
func (t *tally) sent(status wire.Status, n int) {
	t.answers[status]++
	t.bytesOut += uint64(n) + wire.HeaderSize
}

// add adds what o has counted.
func (t *tally) add(o *tally) {
	t.requests += o.requests
	t.bytesIn += o.bytesIn
	t.bytesOut += o.bytesOut
	t.panics += o.panics
	for i := range t.answers {
		t.answers[i] += o.answers[i]
	}
	if o.latency != nil {
		if t.latency == nil {
			t.latency = new(Histogram)
		}
		t.latency.add(o.latency)
	}
}

func (c *serverCore) status() ServerStatus {
	var sum tally
	c.mu.Lock()
	st := ServerStatus{
		Endpoint: c.listener.Endpoint(),
		Serving:  c.phase == serverServing,
		Sessions: len(c.sessions),
		Accepted: c.total,
	}
	sum.add(&c.past)
	for s := range c.sessions {
		n := s.tally()
		sum.add(&n)
	}
	c.mu.Unlock()
	st.ResponseCeiling = c.ceiling.now()
	st.Handshakes = c.gate.shakes()
	st.Refused = c.refused.Load()
	st.Violations = c.violations.Load()
	st.Requests = sum.requests
	st.Answers = sum.answers
	st.Panics = sum.panics
	st.BytesIn = sum.bytesIn
	st.BytesOut = sum.bytesOut
	if sum.latency != nil {
		st.Latency = *sum.latency
	}
	return st
}

func (c *serverCore) list() []SessionStatus {
	c.mu.Lock()
	all := make([]SessionStatus, 0, len(c.sessions))
	for s := range c.sessions {
		busy := s.word.Load()&(sessionBusy|sessionParting) != 0
		n := s.tally()
		all = append(all, SessionStatus{
			Info:     s.info,
			Since:    s.since,
			Busy:     busy,
			Requests: n.requests,
			BytesIn:  n.bytesIn,
			BytesOut: n.bytesOut,
		})
	}
	c.mu.Unlock()
	slices.SortFunc(all, func(a, b SessionStatus) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Info.SessionID, b.Info.SessionID))
	})
	return all
}
