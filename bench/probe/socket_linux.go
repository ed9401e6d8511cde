package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/internal/sys"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/side"
)

// Roles returns what other processes do for the probes, for peer.Main.
func Roles() map[string]peer.Role {
	roles := map[string]peer.Role{
		"cache-line":         answerCacheLine,
		"futex":              answerFutex,
		"seqpacket-blocking": answering(blockingEnd),
		"seqpacket-spin":     answering(spinningEnd),
		"seqpacket-poller":   answering(pollingEnd),
	}
	for role, p := range plays {
		roles[role] = answeringRegion(p)
	}
	return roles
}

// end is one end of a socket: how to receive a packet, and how to send one.
type end struct {
	read, write func([]byte) (int, error)
	close       func() error
}

// blockingEnd sleeps in bare system calls.
func blockingEnd(f *os.File) (end, error) {
	fd := f.Fd()
	return end{
		read:  func(p []byte) (int, error) { return sys.Read(fd, p) },
		write: func(p []byte) (int, error) { return sys.Write(fd, p) },
		close: func() error { return nil },
	}, nil
}

// nonBlocking takes over a socket for an end that does not sleep in system calls. Closing the file is the end's business.
func nonBlocking(f *os.File) (*os.File, syscall.RawConn, error) {
	g, err := sys.NonBlocking(f)
	if err != nil {
		return nil, nil, err
	}
	raw, err := g.SyscallConn()
	if err != nil {
		return nil, nil, errors.Join(err, g.Close())
	}
	return g, raw, nil
}

// spinningEnd asks again and again.
func spinningEnd(f *os.File) (end, error) {
	g, raw, err := nonBlocking(f)
	if err != nil {
		return end{}, err
	}
	var fd uintptr
	if err := raw.Control(func(v uintptr) { fd = v }); err != nil {
		return end{}, errors.Join(err, g.Close())
	}
	spin := func(call func(uintptr, []byte) (int, error), p []byte) (int, error) {
		for turn := 1; ; turn++ {
			if n, err := call(fd, p); err != sys.ErrAgain {
				return n, err
			}
			if turn%64 == 0 {
				sys.Yield()
			}
		}
	}
	return end{
		read:  func(p []byte) (int, error) { return spin(sys.Read, p) },
		write: func(p []byte) (int, error) { return spin(sys.Write, p) },
		close: g.Close,
	}, nil
}

// pollingEnd parks the goroutine until Go's poller wakes it.
func pollingEnd(f *os.File) (end, error) {
	g, raw, err := nonBlocking(f)
	if err != nil {
		return end{}, err
	}
	park := func(wait func(func(uintptr) bool) error, call func(uintptr, []byte) (int, error), p []byte) (n int, err error) {
		if waitErr := wait(func(fd uintptr) bool {
			n, err = call(fd, p)
			return err != sys.ErrAgain
		}); waitErr != nil {
			return 0, waitErr
		}
		return n, err
	}
	return end{
		read:  func(p []byte) (int, error) { return park(raw.Read, sys.Read, p) },
		write: func(p []byte) (int, error) { return park(raw.Write, sys.Write, p) },
		close: g.Close,
	}, nil
}

// ends are the sockets that the probes play with, by the role of the other side.
var ends = map[string]func(*os.File) (end, error){
	"seqpacket-blocking": blockingEnd,
	"seqpacket-spin":     spinningEnd,
	"seqpacket-poller":   pollingEnd,
}

// overSocket starts the role, connects to it, and plays ping-pong, checking each answer: at that many a second, or
// at 0 as fast as it goes. ahead packets are on their way beside the one that is waited for.
func overSocket(ctx context.Context, d time.Duration, where place.Placement, role string, perSecond, ahead int, open func(*os.File) (end, error)) (_ bench.Sample, err error) {
	ours, theirs, err := sys.SocketPair()
	if err != nil {
		return nil, err
	}
	other, stop, err := side.Start(where, role, theirs)
	theirs.Close() // so that our reads end when the other process does
	if err != nil {
		ours.Close()
		return nil, err
	}
	defer stop(&err)
	defer ours.Close() // before stop: a side in a bare read is reached in no other way
	e, err := open(ours)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	msg := make([]byte, packet)
	var sent, got byte
	trip := func() error {
		for int8(sent-got) <= int8(ahead) {
			sent++
			msg[0] = sent
			if _, err := e.write(msg); err != nil {
				return fmt.Errorf("send: %w", err)
			}
		}
		n, err := e.read(msg)
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		if got++; n != packet || msg[0] != got {
			return fmt.Errorf("the answer to %d is %d, in %d bytes", got, msg[0], n)
		}
		return nil
	}
	if perSecond > 0 {
		s, err := side.Paced(ctx, d, perSecond, side.BothCPU(other), trip)
		return s, errors.Join(err, ctx.Err())
	}
	trips, took, err := side.Repeat(ctx, d, 64, trip)
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	return side.PerTrip(RoundTrip, trips, took), nil
}

// seqpacket is the probe of that role.
func seqpacket(role string, perSecond, ahead int) func(context.Context, time.Duration, place.Placement) (bench.Sample, error) {
	return func(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error) {
		return overSocket(ctx, d, where, role, perSecond, ahead, ends[role])
	}
}

// answering sends every packet back, until the other side is gone.
func answering(open func(*os.File) (end, error)) peer.Role {
	return func() error {
		e, err := open(os.NewFile(peer.FirstFile, "socket"))
		if err != nil {
			return err
		}
		p := make([]byte, packet)
		for {
			n, err := e.read(p)
			if err == nil {
				_, err = e.write(p[:n])
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
}
