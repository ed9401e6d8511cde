package posix

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// Whatever room the caller's buffer has: the first room bytes arrive behind what it holds, the true size is
// told, and the buffer grows by what came, not by the room.
func TestReadPacketSizes(t *testing.T) {
	client, server := packetPair(t)
	for _, n := range []int{1, 31, 32, 33, 4095, 4096, 4097, 100_000, 200_000} {
		for _, held := range []int{0, 5} {
			for _, spare := range []int{0, 1, n - 1, n, n + 1, 300_000} {
				for _, room := range []int{1, n - 1, n, n + 1, 1 << 30} {
					if room == 0 || spare < 0 {
						continue
					}
					want := pattern(n)
					if err := client.WritePacket(want, patience()); err != nil {
						t.Fatal(err)
					}
					b := append(make([]byte, 0, held+spare), "held!"[:held]...)
					out, size, err := server.ReadPacket(b, room, patience())
					if err != nil || size != n {
						t.Fatalf("packet %d, spare %d, room %d: size %d, %v", n, spare, room, size, err)
					}
					if got := out[held:]; string(out[:held]) != "held!"[:held] || !bytes.Equal(got, want[:min(n, room)]) {
						t.Fatalf("packet %d, spare %d, room %d: %d other bytes", n, spare, room, len(got))
					}
					if spare < n && cap(out) > 2*(held+n)+64 {
						t.Errorf("packet %d, spare %d, room %d: the buffer has grown to %d", n, spare, room, cap(out))
					}
				}
			}
		}
	}
}

// A packet beyond what was agreed and beyond what is usual is a violation, and not a short packet.
func TestHugePacketIsAViolation(t *testing.T) {
	client, server := packetPair(t)
	const n = usualPacket + 1
	client.agree(n)
	if err := client.WritePacket(make([]byte, n), patience()); errors.Is(err, syscall.EMSGSIZE) {
		t.Skip("the system gives no send buffer that large")
	} else if err != nil {
		t.Fatal(err)
	}
	_, size, err := server.ReadPacket(nil, 1<<20, patience())
	if !errors.Is(err, link.ErrProtocol) || size != n {
		t.Errorf("size %d, error %v; want %d and a violation", size, err, n)
	}
	server.agree(n) // the same packet, agreed
	if err := client.WritePacket(make([]byte, n), patience()); err != nil {
		t.Fatal(err)
	}
	if out, _, err := server.ReadPacket(nil, 1<<20, patience()); err != nil || len(out) != n {
		t.Errorf("%d bytes, %v; want %d", len(out), err, n)
	}
}

func TestEmptyPacketIsNotTheEnd(t *testing.T) {
	client, server := packetPair(t)
	if err := client.WritePacket(nil, patience()); err != nil {
		t.Fatal(err)
	}
	out, size, err := server.ReadPacket(nil, 100, patience())
	if err != nil || size != 0 || len(out) != 0 {
		t.Errorf("%d bytes of %d, %v; want an empty packet", len(out), size, err)
	}
}

// What was proposed by default goes through the socket; one byte more does not, and the error says so.
func TestLargestPacket(t *testing.T) {
	client, server := packetPair(t)
	size, err := client.packetSize(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	server.agree(size)
	if err := client.WritePacket(pattern(int(size)), patience()); err != nil {
		t.Fatal(err)
	}
	if out, _, err := server.ReadPacket(nil, int(size), patience()); err != nil || !bytes.Equal(out, pattern(int(size))) {
		t.Fatalf("%d bytes, %v", len(out), err)
	}
	err = client.WritePacket(make([]byte, size+1), patience())
	if !errors.Is(err, ErrPacketTooLarge) || !errors.Is(err, syscall.EMSGSIZE) || !strings.Contains(err.Error(), "SO_SNDBUF") {
		t.Errorf("error %v", err)
	}
	client.agree(size + 1000) // raises the buffer, where the system lets it
	if have, err := client.packetSize(0, 0); err != nil || have < size {
		t.Errorf("the send buffer holds %d afterwards, %v", have, err)
	}
}

func TestSendBufferIsConfigured(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg, SendBuffer: 32 << 10})
	d, err := NewDialer(DialConfig{Config: cfg, SendBuffer: 16 << 10})
	if err != nil {
		t.Fatal(err)
	}
	client, server := linktest.Connect(t, l, d, link.Proposal{}, link.Settings{})
	for _, c := range []link.Conn{client, server} {
		if p := c.Info().Limits.Packet; p > 200_000 || p < 16<<10-packetOverhead {
			t.Errorf("packets of %d bytes", p)
		}
	}
}

// The agreed size may exceed what a side's socket has by default: it is raised.
func TestConfiguredPacketIsMadeToFit(t *testing.T) {
	const packet = 300_000
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg, Packet: packet})
	d, err := NewDialer(DialConfig{Config: cfg, Packet: packet})
	if err != nil {
		t.Fatal(err)
	}
	client, server := linktest.Connect(t, l, d, link.Proposal{RequestPayload: 1 << 20}, link.Settings{})
	if p := client.Info().Limits.Packet; p != packet {
		t.Fatalf("packets of %d bytes", p)
	}
	sent := make(chan error, 1)
	go func() {
		b, err := client.Reserve(1 << 20)
		if err == nil {
			copy(b, pattern(1<<20))
			err = client.Commit(wire.Header{Kind: wire.KindRequest, ItemCount: 1, MessageID: 1}, 1<<20, patience())
		}
		sent <- err
	}()
	var m link.Message
	if err := server.Recv(&m, patience()); err == nil && !bytes.Equal(m.Payload, pattern(1<<20)) {
		t.Error("the payload arrived changed")
	} else if err != nil {
		server.Close()
		t.Log(err)
	}
	if err := linktest.Await(t, "Commit", sent); err != nil && !errors.Is(err, ErrPacketTooLarge) {
		t.Error(err)
	}
}

// The kernel reports a reset once, before it hands out what is queued; whoever meets it first.
func TestQueuedBeforeReset(t *testing.T) {
	for _, first := range []string{"reader", "writer"} {
		t.Run(first, func(t *testing.T) {
			client, server := packetPair(t)
			for _, s := range []string{"one", "two"} {
				if err := server.WritePacket([]byte(s), patience()); err != nil {
					t.Fatal(err)
				}
			}
			if err := client.WritePacket([]byte("unread"), patience()); err != nil {
				t.Fatal(err)
			}
			server.abort()
			if first == "writer" {
				if err := client.WritePacket([]byte("x"), patience()); !errors.Is(err, link.ErrReset) {
					t.Errorf("write: %v, want a reset", err)
				}
			}
			for _, want := range []string{"one", "two"} {
				if out, _, err := client.ReadPacket(nil, 100, patience()); err != nil || string(out) != want {
					t.Fatalf("%q, %v; want %q, which was queued before the reset", out, err, want)
				}
			}
			for range 2 {
				if _, _, err := client.ReadPacket(nil, 100, patience()); !errors.Is(err, link.ErrReset) {
					t.Errorf("read: %v, want a reset", err)
				}
			}
		})
	}
}

// Close leaves nothing unread, so the peer gets what was sent to it, and then the end.
func TestCloseDoesNotReset(t *testing.T) {
	client, server := packetPair(t)
	for range 100 {
		if err := client.WritePacket([]byte("unread"), patience()); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.WritePacket([]byte("answer"), patience()); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if err := client.WritePacket([]byte("x"), patience()); !errors.Is(err, link.ErrReset) {
		t.Errorf("write: %v", err)
	}
	if out, _, err := client.ReadPacket(nil, 100, patience()); err != nil || string(out) != "answer" {
		t.Fatalf("%q, %v", out, err)
	}
	if _, _, err := client.ReadPacket(nil, 100, patience()); !errors.Is(err, link.ErrPeerClosed) {
		t.Errorf("read: %v, want the end", err)
	}
}

// counted counts what a half tells the poller.
func counted(h *half) *atomic.Int64 {
	var n atomic.Int64
	tell := h.tell
	h.tell = func(t time.Time) error { n.Add(1); return tell(t) }
	return &n
}

// A deadline is told to the poller when a wait needs it, not with every call.
func TestDeadlineIsToldSeldom(t *testing.T) {
	client, server := packetPair(t)
	done := make(chan error, 1)
	go func() {
		for {
			d := link.Within(30 * time.Second)
			b, _, err := server.ReadPacket(nil, 100, &d)
			if err == nil {
				err = server.WritePacket(b, &d)
			}
			if err != nil {
				done <- err
				return
			}
		}
	}()
	told := counted(&client.in.half)
	for range 1000 {
		d := link.Within(30 * time.Second)
		if err := client.WritePacket([]byte("ping"), &d); err != nil {
			t.Fatal(err)
		}
		if _, _, err := client.ReadPacket(nil, 100, &d); err != nil {
			t.Fatal(err)
		}
	}
	if n := told.Load(); n > 5 {
		t.Errorf("the poller was told a deadline %d times for 1000 reads within one timeout", n)
	}
	client.Close()
	linktest.Await(t, "the echo", done)
}

// An older, earlier deadline of the poller's ends no wait that has a later one, or none.
func TestEarlyWake(t *testing.T) {
	client, server := packetPair(t)
	for _, later := range []link.Deadline{link.Within(time.Minute), 0} {
		short := link.Within(time.Millisecond)
		if _, _, err := server.ReadPacket(nil, 100, &short); !errors.Is(err, link.ErrTimeout) {
			t.Fatal(err)
		}
		soon := link.Within(20 * time.Millisecond)
		soon.Start()
		server.in.arm(soon) // as a call left it behind
		woken := counted(&server.in.half)
		got := make(chan string, 1)
		go func() {
			out, _, err := server.ReadPacket(nil, 100, &later)
			if err != nil {
				out = []byte(err.Error())
			}
			got <- string(out)
		}()
		linktest.Eventually(t, "the early wake has come", func() bool { return woken.Load() > 0 })
		if err := client.WritePacket([]byte("late"), patience()); err != nil {
			t.Fatal(err)
		}
		if s := linktest.Await(t, "ReadPacket", got); s != "late" {
			t.Errorf("%s", s)
		}
	}
}

// What is there is taken, however late it is.
func TestExpiredDeadlineTakesWhatIsThere(t *testing.T) {
	client, server := packetPair(t)
	past := link.At(time.Now().Add(-time.Hour))
	if _, _, err := server.ReadPacket(nil, 100, &past); !errors.Is(err, link.ErrTimeout) {
		t.Fatal(err)
	}
	if err := client.WritePacket([]byte("x"), &past); err != nil {
		t.Fatal(err)
	}
	if _, _, err := server.ReadPacket(nil, 100, &past); err != nil {
		t.Fatal(err)
	}
	if _, _, err := server.ReadPacket(nil, 100, &past); !errors.Is(err, link.ErrTimeout) {
		t.Fatal(err)
	}
}

// Interrupts race with calls that come and go: each is returned once, and nothing else is lost.
func TestInterruptStorm(t *testing.T) {
	client, server := packetPair(t)
	const packets = 2000
	var seen, sent atomic.Int64
	var work sync.WaitGroup
	stop := make(chan struct{})
	work.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if n := sent.Load(); n == seen.Load() { // the one before has found its call
				sent.Add(1)
				server.Interrupt(link.SideRecv)
			}
		}
	})
	work.Go(func() {
		for range packets {
			if err := client.WritePacket([]byte("x"), patience()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	r := rand.New(rand.NewPCG(1, 2))
	for got := 0; got < packets; {
		d := link.Within(time.Duration(r.IntN(3)) * time.Minute)
		if r.IntN(3) == 0 {
			d = 0
		}
		switch _, _, err := server.ReadPacket(nil, 10, &d); {
		case err == nil:
			got++
		case errors.Is(err, link.ErrInterrupted):
			seen.Add(1)
		case !errors.Is(err, link.ErrTimeout):
			t.Fatal(err)
		}
	}
	close(stop)
	work.Wait()
	if n, m := seen.Load(), sent.Load(); n != m && n != m-1 {
		t.Errorf("%d interrupts, %d seen", m, n)
	}
}

// The descriptor is there for somebody else's event loop.
func TestSyscallConn(t *testing.T) {
	client, server := sessionPair(t, link.Proposal{}, link.Settings{})
	raw, err := server.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	looking, readable := make(chan struct{}), make(chan error, 1)
	go func() {
		looks := 0
		readable <- raw.Read(func(uintptr) bool {
			if looks++; looks == 1 {
				close(looking)
			}
			return looks > 1
		})
	}()
	linktest.Await(t, "the event loop", looking)
	if _, err := client.Reserve(1); err != nil {
		t.Fatal(err)
	}
	if err := client.Commit(wire.Header{Kind: wire.KindRequest, ItemCount: 1}, 1, nil); err != nil {
		t.Fatal(err)
	}
	if err := linktest.Await(t, "the descriptor to be readable", readable); err != nil {
		t.Fatal(err)
	}
	if err := server.Recv(new(link.Message), patience()); err != nil {
		t.Fatal(err)
	}
}
