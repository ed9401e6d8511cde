package lookup

import "github.com/plugin-ipc/netipc/service"

// Config configures a client of a lookup.
type Config struct {
	service.Config
	// Ceilings bounds what one call may take.
	Ceilings Ceilings
}

// Ceilings bounds what one call may take, whatever its context allows. The zero value of every field gives the default
// in its comment.
type Ceilings struct {
	Keys  int // that are asked for; default DefaultKeys
	Calls int // requests that are sent; default DefaultCalls
	Bytes int // of all items of the answer; default DefaultBytes
}

// Defaults of Ceilings.
const (
	DefaultKeys  = 65536
	DefaultCalls = 4096
	DefaultBytes = 64 << 20
)

func (c Ceilings) withDefaults() Ceilings {
	if c.Keys <= 0 {
		c.Keys = DefaultKeys
	}
	if c.Calls <= 0 {
		c.Calls = DefaultCalls
	}
	if c.Bytes <= 0 {
		c.Bytes = DefaultBytes
	}
	return c
}
