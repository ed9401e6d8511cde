package cache

import "time"

// Config configures a cache. The zero value of every field gives the default in its comment.
type Config struct {
	// Jitter is by which part of itself Run lengthens or shortens each wait, at random; default DefaultJitter,
	// at most 1; negative: none.
	Jitter float64
	// MaxBackoff is the longest wait of Run after failures; default DefaultMaxBackoff, and never less than the
	// interval.
	MaxBackoff time.Duration
}

// Defaults of Config.
const (
	DefaultJitter     = 0.1
	DefaultMaxBackoff = 10 * time.Second
)

func (c Config) withDefaults() Config {
	if c.Jitter == 0 {
		c.Jitter = DefaultJitter
	}
	c.Jitter = min(max(c.Jitter, 0), 1)
	if c.MaxBackoff <= 0 {
		c.MaxBackoff = DefaultMaxBackoff
	}
	return c
}
