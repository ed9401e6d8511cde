package posix

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Defaults of DialConfig and ListenConfig.
const (
	// DefaultHandshakeTimeout bounds a handshake.
	DefaultHandshakeTimeout = 5 * time.Second
	// DefaultAttachTimeout bounds the wait for a region of shared memory that a server has promised.
	DefaultAttachTimeout = 5 * time.Second
	// DefaultMode is the mode of the socket's file.
	DefaultMode os.FileMode = 0o600

	// backlog is how many clients may have connected and wait to be accepted. The kernel caps it.
	backlog = 1024
	// packetOverhead is how many bytes less than SO_SNDBUF a packet may have; the kernel refuses more.
	packetOverhead = 32
)

// ErrBadConfig: a field of a configuration has a value that makes no sense.
var ErrBadConfig = errors.New("bad configuration")

// Config says where a service is. Both fields are required.
type Config struct {
	RunDir  string // directory of the socket; taken verbatim, must exist
	Service string // see link.CheckServiceName
}

// DialConfig configures a Dialer. The zero value of a field gives the default in its comment; nothing is
// changed after NewDialer.
type DialConfig struct {
	Config
	HandshakeTimeout time.Duration // bounds each handshake of Dial, beside its context; default DefaultHandshakeTimeout
	AttachTimeout    time.Duration // bounds the wait for shared memory that is not ready yet; default DefaultAttachTimeout
	Packet           uint32        // bytes, proposed unless the proposal says otherwise; default SO_SNDBUF - 32
	SendBuffer       int           // bytes of SO_SNDBUF to ask for; default: as the system makes it
}

func (c DialConfig) withDefaults() DialConfig {
	c.HandshakeTimeout = timeoutOr(c.HandshakeTimeout)
	if c.AttachTimeout == 0 {
		c.AttachTimeout = DefaultAttachTimeout
	}
	return c
}

func (c DialConfig) validate() error {
	if c.AttachTimeout < 0 {
		return fmt.Errorf("%w: AttachTimeout %v is negative", ErrBadConfig, c.AttachTimeout)
	}
	return validate(c.HandshakeTimeout, c.Packet, c.SendBuffer)
}

// ListenConfig configures a Listener. The zero value of a field gives the default in its comment; nothing is
// changed after Listen.
type ListenConfig struct {
	Config
	Mode             os.FileMode   // permission bits of the socket's file; default DefaultMode
	AllowUIDs        []uint32      // users that are served; default: the effective one of this process, and root
	AllowAnyUID      bool          // everybody whom Mode lets connect is served; AllowUIDs must be empty
	HandshakeTimeout time.Duration // bounds each handshake, beside its context; default DefaultHandshakeTimeout
	Packet           uint32        // bytes, largest packet agreed to unless the settings say otherwise; default SO_SNDBUF - 32
	SendBuffer       int           // bytes of SO_SNDBUF to ask for in each session; default: as the system makes it
}

func (c ListenConfig) withDefaults() ListenConfig {
	c.HandshakeTimeout = timeoutOr(c.HandshakeTimeout)
	if c.Mode == 0 {
		c.Mode = DefaultMode
	}
	if len(c.AllowUIDs) == 0 && !c.AllowAnyUID {
		c.AllowUIDs = []uint32{uint32(os.Geteuid()), 0}
	} else {
		c.AllowUIDs = slices.Clone(c.AllowUIDs)
	}
	return c
}

func (c ListenConfig) validate() error {
	switch {
	case c.Mode&^os.ModePerm != 0:
		return fmt.Errorf("%w: Mode %v has more than permission bits", ErrBadConfig, c.Mode)
	case c.AllowAnyUID && len(c.AllowUIDs) > 0:
		return fmt.Errorf("%w: AllowAnyUID together with AllowUIDs %v", ErrBadConfig, c.AllowUIDs)
	}
	return validate(c.HandshakeTimeout, c.Packet, c.SendBuffer)
}

// serves reports whether a peer's uid is one that is served. The uid alone decides (spec 02).
func (c *ListenConfig) serves(p link.Peer) bool {
	return c.AllowAnyUID || p.Known && slices.Contains(c.AllowUIDs, p.UID)
}

func timeoutOr(d time.Duration) time.Duration {
	if d == 0 {
		return DefaultHandshakeTimeout
	}
	return d
}

// validate judges what both configurations have.
func validate(handshake time.Duration, packet uint32, sendBuffer int) error {
	switch {
	case handshake < 0:
		return fmt.Errorf("%w: HandshakeTimeout %v is negative", ErrBadConfig, handshake)
	case packet != 0 && packet < link.MinPacket:
		return fmt.Errorf("%w: Packet %d, at least %d", ErrBadConfig, packet, link.MinPacket)
	case sendBuffer < 0:
		return fmt.Errorf("%w: SendBuffer %d is negative", ErrBadConfig, sendBuffer)
	}
	return nil
}
