package link

import (
	"fmt"
	"sync"
)

// InFlight remembers the ids of requests that still lack an answer. It is safe for concurrent use: a client
// adds while it sends and removes while it receives. It is small, so it is searched, not hashed.
type InFlight struct {
	mu  sync.Mutex
	ids []uint64
	max int
}

// NewInFlight returns a table for at most n ids. Room is made for DefaultDepth of them at once.
func NewInFlight(n int) *InFlight {
	n = max(n, 0)
	return &InFlight{ids: make([]uint64, 0, min(n, DefaultDepth)), max: n}
}

// Add notes an id. ErrInFlight: it is there already, or the table is full.
func (f *InFlight) Add(id uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.ids {
		if x == id {
			return fmt.Errorf("request id %d is %w already", id, ErrInFlight)
		}
	}
	if len(f.ids) == f.max {
		return fmt.Errorf("%d requests are %w, the most this session takes", f.max, ErrInFlight)
	}
	f.ids = append(f.ids, id)
	return nil
}

// Remove forgets an id and reports whether it was there.
func (f *InFlight) Remove(id uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, x := range f.ids {
		if x == id {
			last := len(f.ids) - 1
			f.ids[i] = f.ids[last]
			f.ids = f.ids[:last]
			return true
		}
	}
	return false
}

// Len returns how many ids are in flight.
func (f *InFlight) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ids)
}
