package service

import (
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Config configures a client. The zero value of every field gives the default in its comment.
type Config struct {
	// Proposal is what the client asks for when it connects: profiles, auth token, and the sizes to start
	// with. Its zero fields have defaults of their own.
	Proposal link.Proposal

	// MaxRequestPayload and MaxResponsePayload bound automatic growth, in bytes; default link.GrowthCeiling,
	// or what Proposal starts with if that is more.
	MaxRequestPayload  uint32
	MaxResponsePayload uint32
	// MaxItems bounds the growth of the number of batch items; default 65,536.
	MaxItems uint32

	// Timeout bounds a call whose context has no deadline; default 30 s.
	Timeout time.Duration
	// ReconnectWindow is for how long a call whose session broke tries to reconnect, within its deadline;
	// default 250 ms.
	ReconnectWindow time.Duration

	// OnEvent is told what happens to sessions; nil costs nothing. It is called synchronously and must not
	// block.
	OnEvent func(link.Event)
}

// Defaults of Config.
const (
	DefaultTimeout         = 30 * time.Second
	DefaultReconnectWindow = 250 * time.Millisecond
	DefaultMaxItems        = 65536
)

func (c Config) withDefaults() Config {
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.ReconnectWindow <= 0 {
		c.ReconnectWindow = DefaultReconnectWindow
	}
	c.Proposal.Depth = max(0, c.Proposal.Depth)
	if c.Proposal.RequestPayload == 0 {
		c.Proposal.RequestPayload = link.DefaultPayload
	}
	if c.Proposal.RequestItems == 0 {
		c.Proposal.RequestItems = link.DefaultItems
	}
	if c.MaxItems == 0 {
		c.MaxItems = max(DefaultMaxItems, c.Proposal.RequestItems)
	}
	if c.MaxRequestPayload == 0 {
		c.MaxRequestPayload = max(link.GrowthCeiling, c.Proposal.RequestPayload)
	}
	if c.MaxResponsePayload == 0 {
		c.MaxResponsePayload = max(link.GrowthCeiling, c.Proposal.ResponsePayload)
	}
	return c
}
