//go:build amd64 || arm64

package spin

// pause is in assembly: PAUSE on amd64, YIELD on arm64.
//
//go:noescape
func pause(n uint32)
