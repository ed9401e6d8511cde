package posix

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
)

var kills = flag.Int("kills", 60, "how many processes that share memory are killed")

// killing returns how many times a process is to be killed.
func killing() int {
	if os.Getenv("NETIPC_SOAK") == "1" {
		return 100_000
	}
	return *kills
}

func init() {
	roles["share"] = shareRole
	roles["use"] = useRole
}

var smallSettings = link.Settings{Supported: both, ResponsePayload: 1024}

// shareRole serves echoes over shared memory until it is killed.
func shareRole() {
	cfg := Config{RunDir: proctest.Args()[0], Service: proctest.Args()[1]}
	l, err := Listen(context.Background(), ListenConfig{Config: cfg})
	if err != nil {
		proctest.Fail(err)
	}
	go serveBoth(l, smallSettings)
	proctest.Say("serving")
	proctest.Hear()
}

// useRole makes calls over shared memory until it is killed.
func useRole() {
	d, err := NewDialer(DialConfig{Config: Config{RunDir: proctest.Args()[0], Service: proctest.Args()[1]}})
	if err != nil {
		proctest.Fail(err)
	}
	for i := range users {
		go func() {
			c, err := d.Dial(context.Background(), link.Proposal{Supported: wire.ProfileSHMHybrid})
			if err != nil {
				proctest.Fail(err)
			}
			proctest.Say("calling %d", i)
			if err := busy(c); err != nil {
				proctest.Fail(err)
			}
		}()
	}
	proctest.Hear()
}

// users is how many sessions there are when a process is killed.
const users = 3

// busy makes calls of all sizes until the session ends, and returns the error that ended it.
func busy(c link.Conn) error {
	var m link.Message
	payload := string(make([]byte, 1024))
	for id := uint64(1); ; id++ {
		d := link.Within(time.Minute)
		if err := call(c, id, payload[:id%1025], &m, &d); err != nil {
			return err
		}
	}
}

// moment waits for none of the time, or some.
func moment(tb testing.TB) {
	tb.Helper()
	if err := pause(tb.Context(), time.Duration(rand.Int64N(int64(3*time.Millisecond))), nil); err != nil {
		tb.Fatal(err)
	}
}

// notices are how long it took to notice a death.
type notices struct {
	mu  sync.Mutex
	all []time.Duration
}

func (n *notices) note(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, d)
}

// String is a histogram by powers of two, and percentiles.
func (n *notices) String() string {
	slices.Sort(n.all)
	at := func(p float64) time.Duration { return n.all[min(len(n.all)-1, int(p*float64(len(n.all))))] }
	text := fmt.Sprintf("%d deaths noticed after (kill and reaping included): p50 %v, p99 %v, max %v", len(n.all), at(0.5), at(0.99), n.all[len(n.all)-1])
	for from, to := time.Duration(0), 250*time.Microsecond; from <= n.all[len(n.all)-1]; from, to = to, 2*to {
		i, _ := slices.BinarySearch(n.all, from)
		j, _ := slices.BinarySearch(n.all, to)
		if j > i {
			text += fmt.Sprintf("\n%10v to %10v: %d", from, to, j-i)
		}
	}
	return text
}

// died reports whether an error is the death of the peer, and neither a timeout nor a violation.
func died(err error) bool { return errors.Is(err, link.ErrPeerClosed) || errors.Is(err, link.ErrReset) }

// A server that is killed at any moment of its traffic: each of its clients notices, and the next server finds nothing
// of it but what it removes.
func TestKilledServersThatShareMemory(t *testing.T) {
	cfg := fresh(t)
	var n notices
	for range max(1, killing()/2) {
		p := proctest.Start(t, "share", cfg.RunDir, cfg.Service)
		p.Await("serving")
		if left := files(t, cfg.RunDir); !slices.Equal(left, []string{"svc.lock", "svc.sock"}) {
			all, err := Inspect(cfg.RunDir)
			t.Errorf("in the run directory, once pid %d serves: %q\n%+v, %v", p.PID(), left, all, err)
		}
		d := dialing(t, cfg)
		ended := make(chan error, users)
		var killed time.Time
		var before sync.RWMutex // held until the server is being killed
		before.Lock()
		for range users {
			c, err := d.Dial(t.Context(), link.Proposal{Supported: wire.ProfileSHMHybrid})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				err := busy(c)
				now := time.Now()
				before.RLock()
				n.note(now.Sub(killed))
				before.RUnlock()
				ended <- errors.Join(err, c.Close())
			}()
		}
		moment(t)
		killed = time.Now()
		before.Unlock()
		p.Kill9()
		for range users {
			if err := linktest.Await(t, "the end of a session", ended); !died(err) {
				t.Fatalf("after the server was killed: %v", err)
			}
		}
		age(t, cfg.socket()) // so that the next one need not find out whether it is about to listen
	}
	t.Log(&n)
	l := listening(t, ListenConfig{Config: cfg})
	go serveBoth(l, smallSettings)
	wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
	wantProfile(t, dialing(t, cfg), both, wire.ProfileSHMHybrid)
}

// A client that is killed at any moment of its traffic: the server notices, and takes away what they had in common.
func TestKilledClientsThatShareMemory(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	go serveBoth(l, smallSettings)
	var n notices
	for range max(1, killing()/2) {
		p := proctest.Start(t, "use", cfg.RunDir, cfg.Service)
		for range users {
			p.Await("calling")
		}
		moment(t)
		killed := time.Now()
		p.Kill9()
		awaitFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
		n.note(time.Since(killed))
	}
	t.Log(&n)
	wantProfile(t, dialing(t, cfg), both, wire.ProfileSHMHybrid)
}
