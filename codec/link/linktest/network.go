package linktest

import (
	"sync"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Network is a place with named endpoints, in memory. The zero value is not ready: NewNetwork. It is safe for
// concurrent use. Networks know nothing of one another.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
}

// NewNetwork returns a network where nobody listens.
func NewNetwork() *Network { return &Network{listeners: map[string]*listener{}} }

// ListenConfig is how an endpoint's connections behave. The zero value of a field gives the default in its
// comment.
type ListenConfig struct {
	Packet           uint32        // largest packet in bytes; default 65,536
	Buffer           int           // packets that may wait in each direction before a sender has to; default 16
	HandshakeTimeout time.Duration // limit of Incoming.Handshake; default 5 s, below 0 none
	Server           link.Peer     // who clients are told the server is; default: not known
	Client           link.Peer     // who the server is told each client is; default: not known

	// Wrap is given the end of the pipe that a session is to stand on, after its handshake, and returns what it
	// stands on instead, such as a Faulty; reset breaks the connection. Default: nothing is wrapped.
	Wrap func(client bool, p link.Packets, reset func()) link.Packets
}

func (c ListenConfig) withDefaults() ListenConfig {
	if c.Packet == 0 {
		c.Packet = 64 << 10
	}
	if c.Buffer == 0 {
		c.Buffer = 16
	}
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = 5 * time.Second
	}
	return c
}

// wrap returns what a session stands on.
func (c *ListenConfig) wrap(client bool, e *end) link.Packets {
	if c.Wrap == nil {
		return e
	}
	return c.Wrap(client, e, e.reset)
}

// Listen makes an endpoint. Errors: link.ErrAddrInUse when the name is taken; what link.CheckServiceName says
// of the name.
func (n *Network) Listen(name string, cfg ListenConfig) (link.Listener, error) {
	if err := link.CheckServiceName(name); err != nil {
		return nil, link.NewOpError("listen", name, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[name] != nil {
		return nil, link.NewOpError("listen", name, link.ErrAddrInUse)
	}
	l := newListener(n, name, cfg.withDefaults())
	n.listeners[name] = l
	return l, nil
}

// Dialer returns a dialer for an endpoint, which need not exist yet.
func (n *Network) Dialer(name string) link.Dialer { return &dialer{network: n, name: name} }

// Agent returns an Agent that plays one side on this network. A place is the name of an endpoint.
func (n *Network) Agent() Agent {
	return Agent{
		Listen: func(place string, handshake time.Duration) (link.Listener, error) {
			return n.Listen(place, ListenConfig{HandshakeTimeout: handshake})
		},
		Dialer: func(place string) (link.Dialer, error) { return n.Dialer(place), nil },
		Reset:  func(c link.Conn) { c.(*Conn).Reset() },
		Connect: func(place string) (link.Packets, func(), error) {
			l, err := n.find(place)
			if err != nil {
				return nil, nil, err
			}
			e, err := l.connect()
			if err != nil {
				return nil, nil, err
			}
			return e, e.reset, nil
		},
		Bare: func(in link.Incoming) (link.Packets, func()) {
			e := in.(*incoming).end
			return e, e.reset
		},
	}
}

// Connect connects to an endpoint without a handshake: for tests that play a client that misbehaves. Closing
// it is the caller's business. Error: link.ErrNotFound.
func (n *Network) Connect(name string) (link.Packets, error) {
	l, err := n.find(name)
	if err != nil {
		return nil, err
	}
	return l.connect()
}

// find returns who listens at the name, or link.ErrNotFound.
func (n *Network) find(name string) (*listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.listeners[name]; l != nil {
		return l, nil
	}
	return nil, link.NewOpError("dial", name, link.ErrNotFound)
}

func (n *Network) remove(l *listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[l.name] == l {
		delete(n.listeners, l.name)
	}
}

// Pipe makes a connection by itself, without an endpoint or a handshake: a is as good as b. reset breaks it, as
// when a peer dies with unread packets. Of cfg, Packet and Buffer count. Closing both ends is the caller's
// business.
func Pipe(cfg ListenConfig) (a, b link.Packets, reset func()) {
	cfg = cfg.withDefaults()
	x, y := newPipe(int(cfg.Packet), cfg.Buffer)
	return x, y, x.reset
}
