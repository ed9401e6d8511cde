package windows

import (
	"errors"
	"fmt"
	"runtime"
)

// ErrUnsupported is the error of everything that would need the pipe itself. Its text says why it cannot be
// had here: not on this operating system, or not in this version. It wraps errors.ErrUnsupported.
var ErrUnsupported = unsupported(runtime.GOOS)

func unsupported(goos string) error {
	if goos == "windows" {
		return fmt.Errorf("named pipes are not in this version of transport-windows: %w", errors.ErrUnsupported)
	}
	return fmt.Errorf("named pipes are not on this operating system (%s), only on windows: %w", goos, errors.ErrUnsupported)
}
