package cgroups

import (
	"time"

	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// Config configures a cache. The zero value of every field gives the default in its comment.
type Config struct {
	// Client configures the client. Snapshots beyond link.GrowthCeiling, which is about 8,000 cgroups, need a
	// larger MaxResponsePayload here and at the provider.
	Client service.Config

	// MaxBytes bounds the memory of one snapshot, in bytes; default DefaultMaxBytes, at most 2 GiB. A snapshot
	// that would need more is refused with ErrTooLarge. 100,000 cgroups need about 20 MB; what a provider can
	// reach by repeating and overlapping items, which the protocol allows, has no bound but this one.
	MaxBytes int

	// Jitter is by which part of itself Run lengthens or shortens each wait, at random; default DefaultJitter,
	// at most 1; negative: none.
	Jitter float64
	// MaxBackoff is the longest wait of Run after failures; default DefaultMaxBackoff, and never less than the
	// interval.
	MaxBackoff time.Duration
}

// Defaults of Config.
const (
	DefaultMaxBytes   = 256 << 20
	DefaultJitter     = cache.DefaultJitter
	DefaultMaxBackoff = cache.DefaultMaxBackoff
)

// mostBytes keeps offsets within 31 bits.
const mostBytes = 1<<31 - 1

func (c Config) withDefaults() Config {
	if c.MaxBytes <= 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	c.MaxBytes = min(c.MaxBytes, mostBytes)
	return c
}
