package posix

import (
	"errors"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/spin"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

// inWays runs a test with a reader that waits in each of the ways.
func inWays(t *testing.T, f func(t *testing.T, client, server *conn)) {
	for w, name := range []string{"parks", "blocks", "spins"} {
		t.Run(name, func(t *testing.T) {
			if way(w) == blocks && !sys.CanBlock {
				t.Skip("waits do not block on this operating system")
			}
			client, server := packetPair(t)
			server.in.pace = pace{way: way(w), waits: 1 << 30, procs: 2}
			f(t, client, server)
		})
	}
}

// reads returns what comes of the next read.
func reads(c *conn, d *link.Deadline) <-chan error {
	got := make(chan error, 1)
	go func() {
		_, _, err := c.ReadPacket(nil, 100, d)
		got <- err
	}()
	return got
}

// However a reader waits, each of the ways to end it works, at any moment.
func TestEveryWayEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(t *testing.T, client, server *conn)
		want error
	}{
		"a packet": {func(t *testing.T, client, _ *conn) {
			if err := client.WritePacket([]byte("x"), patience()); err != nil {
				t.Error(err)
			}
		}, nil},
		"an interrupt": {func(_ *testing.T, _, server *conn) { server.Interrupt(link.SideRecv) }, link.ErrInterrupted},
		"closed":       {func(_ *testing.T, _, server *conn) { server.Close() }, link.ErrClosed},
		"closed there": {func(_ *testing.T, client, _ *conn) { client.Close() }, link.ErrPeerClosed},
	} {
		t.Run(name, func(t *testing.T) {
			inWays(t, func(t *testing.T, client, server *conn) {
				got := reads(server, patience())
				c.end(t, client, server)
				if err := linktest.Await(t, "ReadPacket", got); !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			})
		})
	}
}

// A wait that looks at no clock is not begun where the deadline is near.
func TestEveryWayKeepsDeadlines(t *testing.T) {
	inWays(t, func(t *testing.T, client, server *conn) {
		for _, d := range []link.Deadline{1, link.Within(time.Nanosecond), link.Within(5 * time.Millisecond), link.Deadline(link.Now() + int64(time.Millisecond))} {
			if err := linktest.Await(t, "ReadPacket", reads(server, &d)); !errors.Is(err, link.ErrTimeout) {
				t.Errorf("%v, want %v", err, link.ErrTimeout)
			}
			if server.in.loan.blocking.Load() {
				t.Error("a wait has blocked in spite of its deadline")
			}
		}
	})
}

// Packets pass in both directions, all of them and in order, whatever the readers do meanwhile.
func TestEveryWayDelivers(t *testing.T) {
	inWays(t, func(t *testing.T, client, server *conn) {
		done := make(chan error, 1)
		go func() {
			for {
				b, _, err := server.ReadPacket(nil, 100, nil)
				if err == nil {
					err = server.WritePacket(b, nil)
				}
				if err != nil {
					done <- err
					return
				}
			}
		}()
		for i := range 5000 {
			d := link.Within(time.Minute)
			if err := client.WritePacket([]byte{byte(i)}, &d); err != nil {
				t.Fatal(err)
			}
			if b, _, err := client.ReadPacket(nil, 100, &d); err != nil || len(b) != 1 || b[0] != byte(i) {
				t.Fatalf("%v, %v, want %d", b, err, byte(i))
			}
		}
		client.Close()
		if err := linktest.Await(t, "the echo", done); !errors.Is(err, link.ErrPeerClosed) {
			t.Error(err)
		}
		if n := spin.TakenSeats(); n != 0 {
			t.Errorf("%d seats are taken for good", n)
		}
	})
}
