package stringreverse

import "encoding/binary"

// Reverse writes the bytes of src, the last one first, to the start of dst, and returns how many they are. dst must
// be as long as src, and must not share bytes with it.
func Reverse(dst, src []byte) int {
	n := len(src)
	dst = dst[:n]
	i := 0
	for ; i+8 <= n; i += 8 { // read in one byte order, written in the other
		binary.BigEndian.PutUint64(dst[n-i-8:], binary.LittleEndian.Uint64(src[i:]))
	}
	for ; i < n; i++ {
		dst[n-1-i] = src[i]
	}
	return n
}
