package linktest

import (
	"bytes"
	"fmt"
	"runtime"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// trips are round trips whose allocations are counted, at one end of a session: that of the client, who asks, or that
// of the server. Both ends are to make the same ones.
type trips struct {
	Client   bool
	Runs     int // that are counted
	Size     int // payload bytes
	Bounded  bool
	Exchange bool // by Exchange, not by Commit and Recv
}

// warm is how many trips there are before the counted ones: until the buffers are there.
const warm = 100

// allocations makes the trips and returns how many allocations each cost this process.
func (tr trips) allocations(c link.Conn) (float64, error) {
	once, rest := tr.answer(c)
	if tr.Client {
		once, rest = tr.ask(c), nothing
	}
	var failed error
	trip := func() {
		if failed == nil {
			failed = once()
		}
	}
	for range warm {
		trip()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range tr.Runs {
		trip()
	}
	runtime.ReadMemStats(&after)
	trip() // nobody counts it any more: the other end counts to its last
	if failed == nil {
		failed = rest()
	}
	// Rounded down, as testing.AllocsPerRun does: the runtime allocates something now and then.
	return float64((after.Mallocs - before.Mallocs) / uint64(tr.Runs)), failed
}

// serve makes the server's part of the trips and counts nothing.
func (tr trips) serve(c link.Conn) error {
	once, rest := tr.answer(c)
	for range warm + tr.Runs + 1 {
		if err := once(); err != nil {
			return err
		}
	}
	return rest()
}

func (tr trips) deadline(d *link.Deadline) *link.Deadline {
	if *d = 0; tr.Bounded {
		*d = link.Within(stuck)
	}
	return d
}

// ask returns the client's part of one trip.
func (tr trips) ask(c link.Conn) func() error {
	var m link.Message
	var d link.Deadline
	payload := random(tr.Size)
	return func() error {
		b, err := c.Reserve(len(payload))
		if err != nil {
			return err
		}
		copy(b, payload)
		d := tr.deadline(&d)
		if tr.Exchange {
			_, err = c.Exchange(request(1), len(payload), &m, d, nil)
		} else if err = c.Commit(request(1), len(payload), d); err == nil {
			err = c.Recv(&m, d)
		}
		if err == nil && !bytes.Equal(m.Payload, payload) {
			err = fmt.Errorf("the answer has %d bytes that are not those of the request's %d", len(m.Payload), len(payload))
		}
		return err
	}
}

// answer returns the server's part, and what is left to do after the last trip. By Exchange it answers the request before
// and receives the next one in one step, so that the last answer is left.
func (tr trips) answer(c link.Conn) (once, rest func() error) {
	var m link.Message
	var d link.Deadline
	reply := func() (wire.Header, int, error) {
		b, err := c.Reserve(len(m.Payload))
		copy(b, m.Payload)
		return response(m.Header), len(b), err
	}
	commit := func() error {
		head, n, err := reply()
		if err == nil {
			err = c.Commit(head, n, tr.deadline(&d))
		}
		return err
	}
	receive := func() error { return c.Recv(&m, tr.deadline(&d)) }
	if !tr.Exchange {
		return func() error {
			if err := receive(); err != nil {
				return err
			}
			return commit()
		}, nothing
	}
	received := false
	return func() error {
		if !received {
			received = true
			return receive()
		}
		head, n, err := reply()
		if err == nil {
			_, err = c.Exchange(head, n, &m, tr.deadline(&d), nil)
		}
		return err
	}, commit
}

func nothing() error { return nil }
