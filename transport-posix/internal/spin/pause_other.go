//go:build !amd64 && !arm64

package spin

import "sync/atomic"

// idle keeps the loop from being thrown away.
var idle atomic.Uint32

// pause takes its time without a hint to the processor.
func pause(n uint32) {
	for range n {
		idle.Load()
	}
}
