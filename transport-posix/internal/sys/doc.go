// Package sys is what this module asks of the operating system, one primitive a function: Unix sockets of
// type SEQPACKET without Go's net package, advisory locks, and renaming without replacing. It decides
// nothing. It is the only importer of golang.org/x/sys.
//
// Descriptors are close-on-exec and non-blocking. System calls that a signal interrupted are made again.
// Errors are os.SyscallErrors, but those of Recv and Send, which are bare because they are expected.
package sys

import (
	"errors"
	"fmt"
	"runtime"
)

// ErrUnsupported is the error of everything here on an operating system without SEQPACKET sockets. It wraps
// errors.ErrUnsupported.
var ErrUnsupported = fmt.Errorf("sockets of type SEQPACKET in the file system are not on this operating system (%s), only on linux and freebsd: %w",
	runtime.GOOS, errors.ErrUnsupported)
