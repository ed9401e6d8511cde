package shm

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

var errCause = errors.New("the cause of the test")

// going runs f beside the test.
func going(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// reach waits until a condition holds.
func reach(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); runtime.Gosched() {
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

func send(c *Conn, id uint64, payload []byte) error {
	h := request(id)
	if !c.client {
		h = response(h)
	}
	b, err := c.Reserve(len(payload))
	if err != nil {
		return err
	}
	copy(b, payload)
	return c.Commit(h, len(payload), nil)
}

// crowd takes all threads that sessions may sleep in alone, so that who sleeps does so in a dormitory.
func crowd(t *testing.T) {
	bunks.Add(mostBunks)
	t.Cleanup(func() { bunks.Add(-mostBunks) })
}

func lodgers() (n int) {
	building.Lock()
	defer building.Unlock()
	for _, r := range building.rooms {
		r.mu.Lock()
		n += len(r.sleepers)
		r.mu.Unlock()
	}
	return n
}

// beds are the places where a receiver sleeps. The kernel's word is taken back in the end.
var beds = map[string]func(t *testing.T){
	"thread":    func(*testing.T) {},
	"dormitory": crowd,
	"one word": func(t *testing.T) {
		was := sys.FutexHasVector
		sys.FutexHasVector = func() bool { return false }
		t.Cleanup(func() { sys.FutexHasVector = was })
	},
}

// asleep waits until c sleeps or is about to.
func asleepNow(t *testing.T, c *Conn, bed string) {
	t.Helper()
	if bed == "dormitory" {
		reach(t, "asleep", func() bool { return lodgers() > 0 })
		return
	}
	reach(t, "asleep", func() bool { return c.in.dozes.Load() > 0 })
}

// Whatever ends a wait ends it wherever the receiver sleeps.
func TestSleepEnds(t *testing.T) {
	for bed, make := range beds {
		t.Run(bed, func(t *testing.T) {
			make(t)
			for name, end := range map[string]struct {
				how  func(p pair)
				want error
			}{
				"message":   {func(p pair) { send(p.client, 1, []byte{7}) }, nil},
				"interrupt": {func(p pair) { p.server.Interrupt(link.SideRecv, errCause) }, errCause},
				"close":     {func(p pair) { p.server.Close() }, link.ErrClosed},
				"peer":      {func(p pair) { p.client.Close() }, link.ErrPeerClosed},
				"reset":     {func(p pair) { p.lines[0].reset() }, link.ErrReset},
				"packet":    {func(p pair) { p.lines[0].WritePacket(nil, nil) }, link.ErrProtocol},
			} {
				t.Run(name, func(t *testing.T) {
					p := openPair(t, testLimits)
					var m link.Message
					done := going(func() error { return p.server.Recv(&m, nil) })
					asleepNow(t, p.server, bed)
					end.how(p)
					err := linktest.Await(t, "Recv", done)
					if end.want != nil {
						wants(t, "receive", err, end.want)
					} else if err != nil || len(m.Payload) != 1 || m.Payload[0] != 7 {
						t.Errorf("received %x, %v", m.Payload, err)
					}
				})
			}
			t.Run("deadline", func(t *testing.T) {
				p := openPair(t, testLimits)
				for range 3 {
					d := link.Within(3 * time.Millisecond)
					wants(t, "receive", p.server.Recv(new(link.Message), &d), link.ErrTimeout)
				}
				if err := send(p.client, 1, []byte{7}); err != nil {
					t.Fatal(err)
				}
				var m link.Message
				if err := p.server.Recv(&m, nil); err != nil {
					t.Error(err)
				}
			})
		})
	}
	reach(t, "everybody is up", func() bool { return lodgers() == 0 })
}

// What a peer published before it went is received first; then that it went.
func TestLastWords(t *testing.T) {
	p := openPair(t, testLimits)
	if err := send(p.client, 1, nil); err != nil {
		t.Fatal(err)
	}
	var m link.Message
	if err := p.server.Recv(&m, nil); err != nil {
		t.Fatal(err)
	}
	if err := send(p.server, 1, []byte{9}); err != nil {
		t.Fatal(err)
	}
	p.server.Close()
	<-p.client.watched
	if err := p.client.Recv(&m, nil); err != nil || len(m.Payload) != 1 || m.Payload[0] != 9 {
		t.Errorf("received %x, %v", m.Payload, err)
	}
	for range 2 {
		wants(t, "receive", p.client.Recv(&m, nil), link.ErrPeerClosed)
	}
	wants(t, "send", send(p.client, 2, nil), link.ErrReset)
	if _, err := os.Lstat(p.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the region is left: %v", err)
	}
}

// Each half has a goroutine of its own, and they are in the Conn at once.
func TestHalvesAtOnce(t *testing.T) {
	p := openPair(t, testLimits)
	const calls = 2000
	ids := make(chan uint64)
	heard := going(func() error { // waits for requests, and for the client to be gone
		var m link.Message
		defer close(ids)
		for {
			if err := p.server.Recv(&m, nil); err != nil {
				return err
			}
			ids <- m.Header.MessageID
		}
	})
	answered := going(func() error {
		for id := range ids {
			if err := send(p.server, id, make([]byte, id%100)); err != nil {
				return err
			}
		}
		return nil
	})
	var m link.Message
	for id := uint64(1); id <= calls; id++ {
		if err := send(p.client, id, make([]byte, id%90)); err != nil {
			t.Fatal(err)
		}
		if err := p.client.Recv(&m, nil); err != nil {
			t.Fatal(err)
		}
		if m.Header.MessageID != id || len(m.Payload) != int(id%100) {
			t.Fatalf("request %d: %d bytes under %d", id, len(m.Payload), m.Header.MessageID)
		}
	}
	if err := p.client.Close(); err != nil {
		t.Fatal(err)
	}
	wants(t, "the receiving half", linktest.Await(t, "the receiving half", heard), link.ErrPeerClosed)
	wants(t, "the sending half", linktest.Await(t, "the sending half", answered), nil)
}

// A Conn that is closed points nowhere into the memory that is not there any more, and its calls say what it is.
func TestClosedConnForgets(t *testing.T) {
	p := openPair(t, testLimits)
	for _, c := range []*Conn{p.client, p.server} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*stream{&c.in.stream, &c.out.stream} {
			if s.area != nil || s.length != nil || s.seq != nil || s.signal != nil {
				t.Errorf("it holds on to the memory: %+v", s)
			}
		}
		if c.magic != nil || c.in.word != nil || c.region.Memory() != nil {
			t.Error("it holds on to the memory")
		}
		var m link.Message
		_, err := c.Exchange(request(1), 0, &m, nil, nil)
		for what, err := range map[string]error{"receive": c.Recv(&m, nil), "send": send(c, 1, nil), "exchange": err, "drain": c.Drain(nil)} {
			wants(t, what, err, link.ErrClosed)
		}
	}
}

// A call that was let in keeps the memory; Close waits for it.
func TestCloseWhileInUse(t *testing.T) {
	for i := range 200 {
		p := openPair(t, testLimits)
		served := going(func() error { return echo(p.server) })
		called := going(func() error {
			var m link.Message
			for id := uint64(0); ; id++ {
				if _, err := p.client.Reserve(8); err != nil {
					return err
				}
				if _, err := p.client.Exchange(request(id), 8, &m, nil, nil); err != nil {
					return err
				}
			}
		})
		reach(t, "traffic", func() bool { return p.server.in.seq.Load() > uint64(i%7) })
		first, second := p.client, p.server
		if i%2 == 1 {
			first, second = second, first
		}
		if err := errors.Join(first.Close(), second.Close(), first.Close()); err != nil {
			t.Fatal(err)
		}
		for what, done := range map[string]<-chan error{"server": served, "client": called} {
			if err := linktest.Await(t, what, done); err == nil {
				t.Errorf("the %s went on", what)
			}
		}
	}
}

// A request too many is refused, and the session goes on.
func TestOneInFlight(t *testing.T) {
	p := openPair(t, testLimits)
	if got := p.client.Info().Depth; got != 1 {
		t.Errorf("depth %d", got)
	}
	if err := send(p.client, 5, []byte{1}); err != nil {
		t.Fatal(err)
	}
	wants(t, "a second request", send(p.client, 6, nil), link.ErrInFlight)
	var m link.Message
	p.client.Reserve(0)
	_, err := p.client.Exchange(request(6), 0, &m, nil, nil)
	wants(t, "an exchange", err, link.ErrInFlight)
	if err := p.server.Recv(&m, nil); err != nil || m.Header.MessageID != 5 {
		t.Fatalf("received %+v, %v", m.Header, err)
	}
	if err := send(p.server, 5, []byte{2}); err != nil {
		t.Fatal(err)
	}
	if err := p.client.Recv(&m, nil); err != nil || m.Payload[0] != 2 {
		t.Fatalf("received %x, %v", m.Payload, err)
	}
}

// What a hostile peer can do with its words and bytes, one at a time.
func TestHostileRegion(t *testing.T) {
	good := func(c *Conn) { // a request as it should be
		h := request(1)
		h.PayloadLen = 8
		h.Put(c.in.area)
		c.in.length.Store(40)
	}
	for name, damage := range map[string]func(c *Conn){
		"length 0":              func(c *Conn) { c.in.length.Store(0) },
		"length of half":        func(c *Conn) { c.in.length.Store(31) },
		"length too short":      func(c *Conn) { c.in.length.Store(39) },
		"length too long":       func(c *Conn) { c.in.length.Store(41) },
		"length over the limit": func(c *Conn) { c.in.length.Store(testLimits.RequestPayload + 33) },
		"length over the area":  func(c *Conn) { c.in.length.Store(uint32(len(c.in.area)) + 1) },
		"greatest length":       func(c *Conn) { c.in.length.Store(1<<32 - 1) },
		"bad magic":             func(c *Conn) { c.in.area[0]++ },
		"bad version":           func(c *Conn) { c.in.area[4]++ },
		"a response":            func(c *Conn) { c.in.area[8] = 2 },
		"payload_len":           func(c *Conn) { c.in.area[19] = 0x80 },
		"too many items":        func(c *Conn) { c.in.area[20] = 17 },
		"a batch of nothing":    func(c *Conn) { c.in.area[10], c.in.area[20] = 1, 0 },
		"a bad directory":       func(c *Conn) { c.in.area[10], c.in.area[20] = 1, 1; c.in.area[32] = 1 },
		"region magic":          func(c *Conn) { c.magic.Store(0) },
		"counts down":           func(c *Conn) { c.in.seq.Store(1<<64 - 2) },
	} {
		t.Run(name, func(t *testing.T) {
			p := openPair(t, testLimits)
			good(p.server)
			p.server.in.seq.Store(1)
			damage(p.server)
			var m link.Message
			wants(t, "receive", p.server.Recv(&m, nil), link.ErrProtocol)
			wants(t, "receive again", p.server.Recv(&m, nil), link.ErrProtocol)
			if m.Payload != nil {
				t.Errorf("handed out: %x", m.Payload)
			}
		})
	}
	t.Run("as it should be", func(t *testing.T) {
		p := openPair(t, testLimits)
		good(p.server)
		p.server.in.seq.Store(1)
		if err := p.server.Recv(new(link.Message), nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("an answer to nothing", func(t *testing.T) {
		p := openPair(t, testLimits)
		if err := send(p.server, 1, nil); err != nil {
			t.Fatal(err)
		}
		wants(t, "receive", p.client.Recv(new(link.Message), nil), link.ErrProtocol)
	})
	t.Run("an answer to another request", func(t *testing.T) {
		p := openPair(t, testLimits)
		if err := send(p.server, 2, nil); err != nil {
			t.Fatal(err)
		}
		p.client.Reserve(0)
		sent, err := p.client.Exchange(request(1), 0, new(link.Message), nil, nil)
		if wants(t, "exchange", err, link.ErrProtocol); !sent {
			t.Error("said not to be sent")
		}
	})
}

// Drain passes over what comes until the peer has gone.
func TestDrain(t *testing.T) {
	p := openPair(t, testLimits)
	d := link.Within(time.Millisecond)
	wants(t, "drain", p.server.Drain(&d), link.ErrTimeout)
	done := going(func() error { return p.server.Drain(nil) })
	p.server.in.length.Store(0)
	for range 3 {
		if err := send(p.client, 1, []byte{1}); err != nil {
			t.Fatal(err)
		}
		p.client.asked.Store(false)
	}
	p.client.Close()
	if err := linktest.Await(t, "Drain", done); err != nil {
		t.Error(err)
	}
	wants(t, "receive", p.server.Recv(new(link.Message), nil), link.ErrMisuse)
}

// One dormitory is not enough for all of these, and each finds its message.
func TestManySleepers(t *testing.T) {
	crowd(t)
	const n = roomFor + 20
	pairs := make([]pair, n)
	done := make([]<-chan error, n)
	got := make([]link.Message, n)
	small := link.Limits{RequestPayload: 32, ResponsePayload: 32, RequestItems: 1, ResponseItems: 1}
	for i := range pairs {
		pairs[i] = openPair(t, small)
		done[i] = going(func() error { return pairs[i].server.Recv(&got[i], nil) })
	}
	reach(t, "all sleep", func() bool { return lodgers() == n })
	for i := range pairs {
		if err := send(pairs[i].client, 1, fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range pairs {
		if err := linktest.Await(t, "Recv", done[i]); err != nil || string(got[i].Payload) != fmt.Sprint(i) {
			t.Errorf("session %d: %q, %v", i, got[i].Payload, err)
		}
	}
}
