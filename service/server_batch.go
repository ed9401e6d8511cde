package service

import (
	"errors"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// leastItem is the size that an item of a batch is expected to have at least, in bytes.
const leastItem = 8

// answerBatch answers the items of a batch, one after the other. The first that fails ends it.
func (s *serverSession) answerBatch() (n int, at step, err error) {
	items := s.msg.Batch()
	dst, err := s.room(max(s.last, wire.BatchSize(items.Len(), leastItem)))
	if err != nil {
		return 0, stepBuild, err
	}
	if err := s.batch.Reset(dst, items.Len()); err != nil {
		s.tight = true
		return 0, stepBuild, err
	}
	for i := range items.Len() {
		room, err := s.batch.Next()
		if err != nil {
			if room, err = s.growItem(leastItem); err != nil {
				return 0, stepBuild, err
			}
		}
		n, at, err := s.answer.answer(s.ctx, items.Item(i), room, s.growItem)
		if err != nil {
			return 0, at, err
		}
		if s.batch.Done(n) != nil {
			return 0, stepHandle, errBadSize
		}
	}
	return s.batch.Finish(), stepBuild, nil
}

var errBadSize = errors.New("the answer is said to be longer than its buffer")

// reserveItem is the codec.Grow of builders of an item. It at least doubles the whole, so that many small items
// do not move each other again and again.
func (s *serverSession) reserveItem(n int) ([]byte, error) {
	need := s.batch.Need(n)
	limit := s.responseLimit()
	if need <= limit {
		need = min(max(need, 2*s.have), limit)
	}
	b, err := s.reserve(need)
	if err != nil {
		return nil, err
	}
	s.batch.Rebase(b)
	return s.batch.Next()
}
