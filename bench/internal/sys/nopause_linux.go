//go:build !amd64 && !arm64

package sys

// Pause does nothing where there is no such instruction.
func Pause() {}
