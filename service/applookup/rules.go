package applookup

import (
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/service/internal/lookup"
)

// rules is what makes one call of many requests of Method.
type rules struct{ Method }

var _ lookup.Method[uint32, applookup.Request, applookup.ResponseView] = rules{}

// Check says what is wrong with keys, nothing: every number is a pid that can be asked for.
func (rules) Check(applookup.Request) error { return nil }

// Final returns how many items from i on are final, and name pids.
func (r rules) Final(v applookup.ResponseView, i int, pids applookup.Request, t *lookup.Tally) int {
	sum := *t // which is kept in registers
	n := 0
	for _, pid := range pids {
		f, size, least := r.Item(v, i+n, pid)
		if f != lookup.Answered {
			break
		}
		sum.Add(size, least)
		n++
	}
	*t = sum
	return n
}

// Item says what became of pid, which item i must name, and how large the item is, and at least would be, in bytes.
func (rules) Item(v applookup.ResponseView, i int, pid uint32) (f lookup.Fate, size, least int) {
	it := v.Item(i)
	size, least = it.Size()
	switch status := it.Status(); {
	case it.PID() != pid:
		f = lookup.Wrong
	case status == applookup.StatusPayloadExceeded:
		f = lookup.Exceeded
	case status == applookup.StatusOversizedItem:
		f = lookup.Oversized
	}
	return f, size, least
}

// Answered returns how many items there are in an answer that nobody has checked, and how many of them had room.
func (rules) Answered(payload []byte) (items, answered int) { return applookup.Answered(payload) }

// Oversized returns an answer that nobody has sent: the item of pid is too large.
func (rules) Oversized(pid uint32) (applookup.ResponseView, error) {
	r := applookup.Response{Items: []applookup.Item{{
		Status: applookup.StatusOversizedItem, PID: pid, UID: applookup.UIDNotSet,
	}}}
	size, err := r.Size()
	if err != nil {
		return applookup.ResponseView{}, err
	}
	b := make([]byte, size)
	if _, err := r.Encode(b); err != nil {
		return applookup.ResponseView{}, err
	}
	return applookup.DecodeResponse(b)
}
