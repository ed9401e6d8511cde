package v3peer

import (
	"bytes"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/bench/internal/sys"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

func TestMain(m *testing.M) { linktest.Main(m) }

var errDead = errors.New("dead")

// ends returns both sides of a region, whose peers never die.
func ends(t *testing.T, m Manner) (client, server *End, mem []byte) {
	t.Helper()
	p := PlanFor(1000, 3000)
	file, err := sys.NewMemory("region", int(p.Size()))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	mem, err = sys.Map(file.Fd(), int(p.Size()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sys.Unmap(mem); err != nil {
			t.Error(err)
		}
	})
	Format(mem, p, 1, 1)
	lives := func() error { return nil }
	return NewEnd(mem, p, false, m, lives), NewEnd(mem, p, true, m, lives), mem
}

var manners = map[string]Manner{"deployed": Deployed, "bare": Bare, "waking": Waking, "sleeping": Sleeping}

func TestPingPong(t *testing.T) {
	for name, m := range manners {
		t.Run(name, func(t *testing.T) {
			client, server, _ := ends(t, m)
			answered := make(chan error, 1)
			const trips = 200
			go func() {
				buf := make([]byte, 100)
				for range trips {
					n, err := server.Consume(buf)
					if err == nil {
						buf[0]++
						err = server.Publish(buf[:n])
					}
					if err != nil {
						answered <- err
						return
					}
				}
				answered <- nil
			}()
			ping, pong := make([]byte, 100), make([]byte, 3032)
			for i := range trips {
				ping = ping[:1+i%100]
				ping[0] = byte(i)
				if err := client.Publish(ping); err != nil {
					t.Fatal(err)
				}
				n, err := client.Consume(pong)
				if err != nil || n != len(ping) || pong[0] != byte(i+1) {
					t.Fatalf("trip %d: %d bytes, %d, %v", i, n, pong[0], err)
				}
			}
			if err := linktest.Await(t, "the server", answered); err != nil {
				t.Error(err)
			}
		})
	}
}

// Whoever joins later begins with the numbers of the region.
func TestClientStartsWhereTheRegionIs(t *testing.T) {
	client, server, mem := ends(t, Deployed)
	buf := make([]byte, 100)
	for range 3 {
		if err := client.Publish(buf[:40]); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Consume(buf); err != nil {
			t.Fatal(err)
		}
	}
	late := NewEnd(mem, PlanFor(1000, 3000), false, Deployed, func() error { return nil })
	if err := late.Publish(buf[:41]); err != nil {
		t.Fatal(err)
	}
	if n, err := server.Consume(buf); n != 41 || err != nil {
		t.Errorf("%d bytes, %v, want 41", n, err)
	}
}

func TestRefused(t *testing.T) {
	client, server, mem := ends(t, Deployed)
	if err := client.Publish(make([]byte, 1089)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want %v", err, ErrTooLarge)
	}
	before := bytes.Repeat([]byte{7}, 50)
	got := bytes.Clone(before)
	for _, c := range []struct {
		length uint32
		want   error
	}{{0, ErrEmpty}, {51, ErrTooLarge}, {1 << 31, ErrTooLarge}} {
		if err := client.Publish(make([]byte, 40)); err != nil {
			t.Fatal(err)
		}
		sys.Uint32(mem, offRequestLen).Store(c.length)
		if _, err := server.Consume(got); !errors.Is(err, c.want) || !bytes.Equal(got, before) {
			t.Errorf("a length of %d: %v, %v in the buffer, want %v", c.length, err, got, c.want)
		}
	}
	// Each counts as consumed.
	if err := client.Publish([]byte("next")); err != nil {
		t.Fatal(err)
	}
	if n, err := server.Consume(got); err != nil || string(got[:n]) != "next" {
		t.Errorf("%q, %v", got[:n], err)
	}
}

// A peer that is gone ends the wait, however one waits.
func TestDeadPeer(t *testing.T) {
	for name, m := range manners {
		client, _, _ := ends(t, m)
		client.alive = func() error { return errDead }
		if _, err := client.Consume(make([]byte, 100)); !errors.Is(err, errDead) {
			t.Errorf("%s: %v, want %v", name, err, errDead)
		}
	}
}
