package service

import (
	"cmp"
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
)

// ceiling is the response limit that new sessions get (spec 01, 15-o): the configured one, or one that grows
// with answers that did not fit.
type ceiling struct {
	top     uint32
	current atomic.Uint32
}

func (c *ceiling) init(start, top uint32) {
	switch {
	case top == 0:
		start, top = cmp.Or(start, link.DefaultResponseCeiling), max(start, link.GrowthCeiling)
	case start == 0:
		start = top
	}
	c.top = top
	c.current.Store(min(start, top))
}

func (c *ceiling) now() uint32 { return c.current.Load() }

// tooLow notes that an answer did not fit agreed bytes. Sessions that find out at the same time raise the
// ceiling once: it doubles what was too little, not what somebody else has doubled already.
func (c *ceiling) tooLow(agreed uint32) {
	next := uint32(min(2*uint64(agreed), uint64(c.top)))
	for {
		now := c.current.Load()
		if next <= now || c.current.CompareAndSwap(now, next) {
			return
		}
	}
}
