package cache

import "time"

// Snapshot is a value with what is known of it. It is immutable, may be kept for as long as anybody likes, and may be
// read by any number of goroutines. A nil *Snapshot is one without a value.
type Snapshot[T any] struct {
	value      *T // shared by snapshots that differ in nothing but generation and time
	generation uint64
	taken      time.Time
}

// Value returns what was made of the answer, nil for a nil *Snapshot. It is shared by all that read it: nobody may
// change it.
func (s *Snapshot[T]) Value() *T {
	if s == nil {
		return nil
	}
	return s.value
}

// Generation returns the provider's count of changes, 0 if it has none. It begins anew with a provider that does.
func (s *Snapshot[T]) Generation() uint64 {
	if s == nil {
		return 0
	}
	return s.generation
}

// Taken returns when the answer arrived; the zero Time for a nil *Snapshot.
func (s *Snapshot[T]) Taken() time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.taken
}

// Age returns how long ago that was; 0 for a nil *Snapshot.
func (s *Snapshot[T]) Age() time.Duration {
	if s == nil {
		return 0
	}
	return time.Since(s.taken)
}
