//go:build !linux && !freebsd

package sys

import (
	"os"
	"syscall"
	"time"
)

// Supported says whether this operating system has what the transport needs.
const Supported = false

// Inbox has nothing to receive.
type Inbox struct{}

// Recv fails.
func (*Inbox) Recv(uintptr, []byte, []byte) (int, syscall.Errno) { return 0, syscall.ENOSYS }

// RecvWait fails.
func (*Inbox) RecvWait(uintptr, []byte, []byte, bool) (int, syscall.Errno) { return 0, syscall.ENOSYS }

// CanBlock says whether Blocking and RecvWait may be used.
const CanBlock = false

// Blocking fails with ErrUnsupported.
func Blocking(int, time.Duration) error { return ErrUnsupported }

// NonBlocking fails with ErrUnsupported.
func NonBlocking(int) error { return ErrUnsupported }

// Yield does nothing.
func Yield() {}

// Send fails.
func Send(uintptr, []byte) syscall.Errno { return syscall.ENOSYS }

// HungUp is always true.
func HungUp(uintptr) bool { return true }

// Socket fails with ErrUnsupported.
func Socket() (int, error) { return -1, ErrUnsupported }

// Connect fails with ErrUnsupported.
func Connect(int, string) error { return ErrUnsupported }

// Bind fails with ErrUnsupported.
func Bind(int, string) error { return ErrUnsupported }

// Listen fails with ErrUnsupported.
func Listen(int, int) error { return ErrUnsupported }

// Accept fails with ErrUnsupported.
func Accept(int) (int, error) { return -1, ErrUnsupported }

// Shutdown fails with ErrUnsupported.
func Shutdown(int) error { return ErrUnsupported }

// Close fails with ErrUnsupported.
func Close(int) error { return ErrUnsupported }

// SendBuffer fails with ErrUnsupported.
func SendBuffer(int) (int, error) { return 0, ErrUnsupported }

// SetSendBuffer fails with ErrUnsupported.
func SetSendBuffer(int, int) error { return ErrUnsupported }

// Credentials fails with ErrUnsupported.
func Credentials(int) (int, uint32, uint32, error) { return 0, 0, 0, ErrUnsupported }

// SetMode fails with ErrUnsupported.
func SetMode(int, os.FileMode) error { return ErrUnsupported }

// RenameNoReplace fails with ErrUnsupported.
func RenameNoReplace(string, string) error { return ErrUnsupported }

// OpenLock fails with ErrUnsupported.
func OpenLock(string, bool) (*os.File, error) { return nil, ErrUnsupported }

// Lock fails with ErrUnsupported.
func Lock(*os.File, bool) error { return ErrUnsupported }
