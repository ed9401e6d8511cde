package link_test

import (
	"errors"
	"math"
	"strings"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// fake is a Packets that says what a test tells it to.
type fake struct {
	read, write error
	closed      error
	closes      int
	interrupts  []link.Side
}

func (f *fake) ReadPacket(b []byte, _ int, _ *link.Deadline) ([]byte, int, error) {
	return b, 0, f.read
}
func (f *fake) WritePacket([]byte, *link.Deadline) error { return f.write }
func (f *fake) Interrupt(s link.Side)                    { f.interrupts = append(f.interrupts, s) }
func (f *fake) SyscallConn() (syscall.RawConn, error)    { return nil, errors.ErrUnsupported }
func (f *fake) Close() error {
	f.closes++
	return f.closed
}

var fakeInfo = link.Info{Endpoint: "/run/x.sock", Limits: wide, Depth: 2}

func trySend(c link.Conn, kind wire.Kind, id uint64) error {
	if _, err := c.Reserve(1); err != nil {
		return err
	}
	return c.Commit(wire.Header{Kind: kind, ItemCount: 1, MessageID: id}, 1, nil)
}

// An error of the pipe ends the half that it comes from, and names the place.
func TestSessionErrorsStick(t *testing.T) {
	broken := errors.New("broken")
	f := &fake{read: broken, write: broken}
	s := link.NewClientSession(f, fakeInfo)
	if err := trySend(s, wire.KindRequest, 1); !errors.Is(err, broken) || !strings.Contains(err.Error(), "send /run/x.sock") {
		t.Errorf("send: %v", err)
	}
	if err := s.Recv(new(link.Message), nil); !errors.Is(err, broken) || !strings.Contains(err.Error(), "receive /run/x.sock") {
		t.Errorf("receive: %v", err)
	}
	f.read, f.write = nil, nil
	if err := trySend(s, wire.KindRequest, 2); !errors.Is(err, broken) {
		t.Errorf("send again: %v, want %v", err, broken)
	}
	if err := s.Recv(new(link.Message), nil); !errors.Is(err, broken) {
		t.Errorf("receive again: %v, want %v", err, broken)
	}
}

// Once closed, whatever the pipe says about it is ErrClosed.
func TestSessionClosed(t *testing.T) {
	failed := errors.New("failed")
	for _, pipe := range []error{link.ErrReset, link.ErrTimeout, link.ErrInterrupted, failed} {
		f := &fake{read: pipe, write: pipe, closed: failed}
		s := link.NewServerSession(f, fakeInfo)
		s.Interrupt(link.SideRecv, failed)
		if err := s.Close(); !errors.Is(err, failed) {
			t.Errorf("close: %v, want what the pipe says", err)
		}
		if err := s.Close(); err != nil || f.closes != 1 {
			t.Errorf("close again: %v, the pipe was closed %d times", err, f.closes)
		}
		if err := s.Recv(new(link.Message), nil); !errors.Is(err, link.ErrClosed) || errors.Is(err, pipe) {
			t.Errorf("receive: %v, want %v", err, link.ErrClosed)
		}
		if err := trySend(s, wire.KindResponse, 1); !errors.Is(err, link.ErrClosed) || errors.Is(err, pipe) {
			t.Errorf("send: %v, want %v", err, link.ErrClosed)
		}
	}
}

// A pipe that is interrupted by somebody else, or for no reason, says just that.
func TestSessionInterruptedWithoutCause(t *testing.T) {
	f := &fake{read: link.ErrInterrupted, write: link.ErrInterrupted}
	s := link.NewServerSession(f, fakeInfo)
	for range 2 {
		if err := s.Recv(new(link.Message), nil); !errors.Is(err, link.ErrInterrupted) {
			t.Errorf("receive: %v, want %v", err, link.ErrInterrupted)
		}
		s.Interrupt(link.SideRecv, nil)
		s.Interrupt(link.SideSend, nil)
		if err := trySend(s, wire.KindResponse, 1); !errors.Is(err, link.ErrInterrupted) {
			t.Errorf("send: %v, want %v", err, link.ErrInterrupted)
		}
	}
	if len(f.interrupts) != 4 || f.interrupts[0] != link.SideRecv || f.interrupts[1] != link.SideSend {
		t.Errorf("the pipe was interrupted at %v", f.interrupts)
	}
}

// Where a message's length would not fit its field, or an int, the limit is what fits.
func TestReserveWhatNoMessageHolds(t *testing.T) {
	info := fakeInfo
	info.Limits.RequestPayload = math.MaxUint32
	s := link.NewClientSession(&fake{}, info)
	n := uint64(math.MaxUint32) - wire.HeaderSize + 1
	if n > math.MaxInt {
		n = math.MaxInt - wire.HeaderSize + 1
	}
	_, err := s.Reserve(int(n))
	var limit *link.LimitError
	if !errors.As(err, &limit) || limit.Need != n || limit.Agreed != n-1 {
		t.Errorf("%d bytes reserved: %v, want a limit of %d", n, err, n-1)
	}
}

func TestSessionInfo(t *testing.T) {
	s := link.NewClientSession(&fake{}, fakeInfo)
	if s.Info() != fakeInfo {
		t.Errorf("%+v, want %+v", s.Info(), fakeInfo)
	}
	if _, err := s.SyscallConn(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("SyscallConn: %v, want what the pipe says", err)
	}
}
