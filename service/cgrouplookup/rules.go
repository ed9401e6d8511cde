package cgrouplookup

import (
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/service/internal/lookup"
)

// rules is what makes one call of many requests of Method.
type rules struct{ Method }

var _ lookup.Method[string, cgrouplookup.Request, cgrouplookup.ResponseView] = rules{}

// Check says what is wrong with paths, as EncodeRequest would.
func (rules) Check(paths cgrouplookup.Request) error { return paths.Check() }

// Final returns how many items from i on are final, and name paths.
func (r rules) Final(v cgrouplookup.ResponseView, i int, paths cgrouplookup.Request, t *lookup.Tally) int {
	sum := *t // which is kept in registers
	n := 0
	for _, path := range paths {
		f, size, least := r.Item(v, i+n, path)
		if f != lookup.Answered {
			break
		}
		sum.Add(size, least)
		n++
	}
	*t = sum
	return n
}

// Item says what became of path, which item i must name, and how large the item is, and at least would be, in bytes.
func (rules) Item(v cgrouplookup.ResponseView, i int, path string) (f lookup.Fate, size, least int) {
	it := v.Item(i)
	size, least = it.Size()
	switch status := it.Status(); {
	case !it.Path().Equal(path):
		f = lookup.Wrong
	case status == cgrouplookup.StatusPayloadExceeded:
		f = lookup.Exceeded
	case status == cgrouplookup.StatusOversizedItem:
		f = lookup.Oversized
	}
	return f, size, least
}

// Answered returns how many items there are in an answer that nobody has checked, and how many of them had room.
func (rules) Answered(payload []byte) (items, answered int) { return cgrouplookup.Answered(payload) }

// Oversized returns an answer that nobody has sent: the item of path is too large.
func (rules) Oversized(path string) (cgrouplookup.ResponseView, error) {
	r := cgrouplookup.Response{Items: []cgrouplookup.Item{{Status: cgrouplookup.StatusOversizedItem, Path: path}}}
	size, err := r.Size()
	if err != nil {
		return cgrouplookup.ResponseView{}, err
	}
	b := make([]byte, size)
	if _, err := r.Encode(b); err != nil {
		return cgrouplookup.ResponseView{}, err
	}
	return cgrouplookup.DecodeResponse(b)
}
