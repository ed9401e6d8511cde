//go:build amd64 || arm64

package sys

// Pause tells the processor that this is a loop that waits for another one.
func Pause()
