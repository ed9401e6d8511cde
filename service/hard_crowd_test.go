//go:build linux || freebsd

package service_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// lout is one client of a crowd that does not keep to the protocol. Its packets are written to a bare socket.
type lout struct {
	name string
	// first is what it says at once, after a proper handshake if inSession.
	first     [][]byte
	inSession bool
	// late is what it says when the crowd is told to go.
	late [][]byte
}

func crowd() []lout {
	hello := link.AppendHello(nil, link.Proposal{RequestPayload: 4096}.WithDefaults(wire.ProfileBaseline, 1<<16))
	whole := packet(blobRequest(1), make([]byte, 1000))
	long := blobRequest(1)
	long.PayloadLen = 4000
	begun := make([]byte, wire.HeaderSize, wire.HeaderSize+100)
	long.Put(begun)
	begun = append(begun, make([]byte, 100)...)
	return []lout{
		{name: "silent"},
		{name: "slow", late: [][]byte{hello, whole}},
		{name: "half a HELLO", first: [][]byte{hello[:31]}, late: [][]byte{hello[31:]}},
		{name: "oversized HELLO", first: [][]byte{append(hello[:len(hello):len(hello)], make([]byte, 100_000)...)}},
		{name: "garbage", first: [][]byte{[]byte("GET / HTTP/1.0\r\n\r\n"), make([]byte, 5000)}},
		{name: "silent in its session", inSession: true},
		{name: "slow in its session", inSession: true, first: [][]byte{begun}},
		{name: "oversized request", inSession: true, first: [][]byte{packet(blobRequest(1), make([]byte, 100_000)), whole, whole}},
		{name: "garbage in its session", inSession: true, first: [][]byte{make([]byte, 100), whole, whole}},
		{name: "never reads its answers", inSession: true, first: repeated(whole, 20)},
	}
}

func repeated(p []byte, n int) (all [][]byte) {
	for range n {
		all = append(all, p)
	}
	return all
}

// connectLout connects a bare socket. The kernel does not wait when the server's queue is full.
func connectLout(path string) (*net.UnixConn, error) {
	for {
		c, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Net: "unixpacket", Name: path})
		if !errors.Is(err, syscall.EAGAIN) {
			return c, err
		}
		runtime.Gosched()
	}
}

// behave plays a lout until the server drops it or the crowd is dissolved. What becomes of it is its own
// fault, so that only a failed connect is an error.
func (r lout) behave(path string, there func(), late, over <-chan struct{}) error {
	c, err := connectLout(path)
	there()
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if r.inSession {
		hello := link.AppendHello(nil, link.Proposal{RequestPayload: 4096}.WithDefaults(wire.ProfileBaseline, 1<<16))
		if _, err := c.Write(hello); err != nil {
			return nil
		}
		if _, err := c.Read(make([]byte, 1000)); err != nil {
			return nil
		}
	}
	for _, p := range r.first {
		if _, err := c.Write(p); err != nil {
			return nil
		}
	}
	<-late
	for _, p := range r.late {
		if _, err := c.Write(p); err != nil {
			return nil
		}
	}
	<-over
	return nil
}

// holdings are what the process has open, and what runs in it.
func holdings(tb testing.TB) (descriptors, goroutines int) {
	if names, err := os.ReadDir("/proc/self/fd"); err == nil {
		descriptors = len(names)
	}
	return descriptors, runtime.NumGoroutine()
}

// A thousand clients that misbehave in every way at once do not keep a good one from its answers, and nothing is
// left of them.
func TestHardCrowd(t *testing.T) {
	const louts = 1000
	needDescriptors(t, 2*louts+200)
	for _, seats := range []int{2 * louts, 600} {
		t.Run(fmt.Sprintf("seats=%d", seats), func(t *testing.T) {
			fds, running := holdings(t)
			r := newHost(t, posix.ListenConfig{}, service.ServerConfig{MaxSessions: seats}, echo)
			late, over := make(chan struct{}), make(chan struct{})
			var there sync.WaitGroup
			there.Add(louts)
			left := make(chan error, louts)
			kinds := crowd()
			for i := range louts {
				go func() { left <- kinds[i%len(kinds)].behave(r.cfg.RunDir+"/hard.sock", there.Done, late, over) }()
			}
			wantGoodService(t, r, "while the crowd comes in")
			there.Wait()
			wantGoodService(t, r, "among the crowd")
			close(late)
			wantGoodService(t, r, "while the slow ones speak")
			close(over)
			for range louts {
				if err := linktest.Await(t, "a lout", left); err != nil {
					t.Error(err)
				}
			}
			wantGoodService(t, r, "after the crowd")
			linktest.Eventually(t, "nobody has a session", func() bool {
				st := r.s.Status()
				return st.Sessions == 0 && st.Handshakes == 0
			})
			st := r.s.Status()
			t.Logf("accepted %d, refused %d, violations %d, answers %v", st.Accepted, st.Refused, st.Violations, st.Answers)
			if least := uint64(louts / len(kinds) / 2); st.Violations < least || st.Refused < least {
				t.Errorf("the crowd was not noticed: %+v", st)
			}
			r.end(t)
			if names := filesIn(t, r.cfg.RunDir); len(names) > 0 {
				t.Errorf("left in the run directory: %q", names)
			}
			linktest.Eventually(t, "no descriptor and no goroutine is left", func() bool {
				f, g := holdings(t)
				return f <= fds && g <= running
			})
		})
	}
}

// wantGoodService lets a client that behaves connect and call, within the time it has.
func wantGoodService(t *testing.T, r *host, when string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	begun := time.Now()
	for i := range 20 {
		c := service.NewClient[[]byte, []byte, blobMethod](r.dialer(t, 0, 0), service.Config{})
		for !c.Ready() {
			if _, err := c.Refresh(ctx); ctx.Err() != nil {
				t.Fatalf("%s: client %d got no session: %v", when, i, err)
			}
		}
		err := c.Call(ctx, []byte("hello"), func(got []byte) error {
			if string(got) != "hello" {
				return fmt.Errorf("answer %q", got)
			}
			return nil
		})
		c.Close()
		if err != nil {
			t.Fatalf("%s: client %d: %v", when, i, err)
		}
	}
	t.Logf("%s: %v for 20 sessions with a call", when, time.Since(begun).Round(time.Millisecond))
}
