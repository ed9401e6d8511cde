package shm

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
)

func init() { roles["scribble"] = scribble }

// scribble writes random bytes into the region that it is told, at random places, until it is told the next one. It
// favours the words, where a byte does most, and lets traffic flow in between.
func scribble() {
	next := make(chan string)
	go func() {
		for {
			next <- proctest.Hear()
		}
	}()
	var mem []byte
	rest := 0
	for {
		select {
		case path := <-next:
			if path == "" {
				return
			}
			if mem != nil {
				_ = syscall.Munmap(mem)
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				proctest.Fail(err)
			}
			info, err := f.Stat()
			if err != nil {
				proctest.Fail(err)
			}
			mem, err = syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
			f.Close()
			if err != nil {
				proctest.Fail(err)
			}
			rest = rand.IntN(20_000)
			proctest.Say("mapped")
		default:
		}
		if rest--; mem == nil || rest > 0 {
			continue
		}
		rest = rand.IntN(20_000)
		at := rand.IntN(len(mem))
		if rand.IntN(2) == 0 {
			at = rand.IntN(HeaderSize)
		}
		mem[at] = byte(rand.Uint32())
	}
}

// Another process writes random bytes into the region while calls run. Nothing panics, nothing waits beyond its deadline,
// and only sessions end.
func TestScribbler(t *testing.T) {
	calls := soak(500_000, 10_000_000)
	if raceDetector {
		calls = 20_000
	}
	// The calls go on over a new session when one has ended.
	other := proctest.Start(t, "scribble")
	sessions, answered, late := 0, 0, 0
	const deadline = 20 * time.Millisecond
	for done := 0; done < calls; {
		p := openPair(t, link.Limits{RequestPayload: 4000, ResponsePayload: 4000, RequestItems: 4, ResponseItems: 4})
		served := going(func() error {
			defer p.server.Close()
			return echo(p.server)
		})
		other.Tell(p.path)
		other.Await("mapped")
		sessions++
		var m link.Message
		var err error
		for id := uint64(1); err == nil && done < calls; id++ {
			done++
			n := int(id % 4000)
			if _, err = p.client.Reserve(n); err != nil {
				break
			}
			d := link.Within(deadline)
			_, err = p.client.Exchange(request(id), n, &m, &d)
			if err == nil {
				answered++
			}
		}
		if errors.Is(err, link.ErrTimeout) {
			late++
		}
		if err != nil && !errors.Is(err, link.ErrTimeout) && !errors.Is(err, link.ErrProtocol) && !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
			t.Fatalf("session %d: %v", sessions, err)
		}
		p.client.Close()
		if err := linktest.Await(t, "the server", served); err == nil {
			t.Error("the server went on")
		}
		p.server.Close()
	}
	other.Tell("")
	other.Wait()
	if sessions < 2 || answered == 0 {
		t.Errorf("%d sessions, %s answers: nothing was tried", sessions, strconv.Itoa(answered))
	}
	t.Logf("%d calls over %d sessions: %d answered, %d sessions ended by a deadline", calls, sessions, answered, late)
}
