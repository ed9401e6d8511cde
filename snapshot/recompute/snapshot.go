package recompute

import "time"

// Snapshot is what one run has brought. It is immutable, and may be kept for as long as one likes.
type Snapshot[T any] struct {
	Value T
	// Gen is 1 for the first snapshot of a recomputer, and one more for each further one.
	Gen uint64
	// Started and Finished are when the run was: what Value says is at least as young as Started.
	Started, Finished time.Time
	// Cost is Finished - Started, without the time of Config.Equal and Config.Encode.
	Cost time.Duration

	encoded []byte
}

// Next returns the generation that will follow: that of the value which is being made, where s is what compute has
// got. A nil s is what there is before the first one.
func (s *Snapshot[T]) Next() uint64 {
	if s == nil {
		return 1
	}
	return s.Gen + 1
}

// Encoded returns what Config.Encode made of the snapshot when the value was made; nil without it. It is shared by
// all who ask, and never changes: copy it, do not write to it.
func (s *Snapshot[T]) Encoded() []byte { return s.encoded }
