package service

import (
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
)

// ceiling is the response limit that new sessions get (spec 01, 15-o): the configured one, or one that grows
// with answers that did not fit.
type ceiling struct {
	fixed   bool
	current atomic.Uint32
}

func (c *ceiling) init(configured uint32) {
	c.fixed = configured != 0
	if !c.fixed {
		configured = link.DefaultResponseCeiling
	}
	c.current.Store(configured)
}

func (c *ceiling) now() uint32 { return c.current.Load() }

// tooLow notes that an answer did not fit agreed bytes. Sessions that find out at the same time raise the
// ceiling once: it doubles what was too little, not what somebody else has doubled already.
func (c *ceiling) tooLow(agreed uint32) {
	if c.fixed {
		return
	}
	next := uint32(min(2*uint64(agreed), link.GrowthCeiling))
	for {
		now := c.current.Load()
		if next <= now || c.current.CompareAndSwap(now, next) {
			return
		}
	}
}
