//go:build linux && amd64 && !race

package fence

import (
	"sync/atomic"
	"unsafe"
)

// word is a count as assembly takes it.
func word(n *atomic.Uint32) *uint32 { return (*uint32)(unsafe.Pointer(n)) }
