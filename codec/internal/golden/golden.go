// Package golden helps tests to compare with bytes that were written down by hand from the specification.
package golden

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

// Bytes turns hexadecimal text into bytes. Blanks and line ends are ignored, and so is everything from a # to
// the end of its line. Integers are written as a little-endian machine lays them out: on another, Bytes skips
// the test.
func Bytes(tb testing.TB, text string) []byte {
	tb.Helper()
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for field := range strings.FieldsSeq(line) {
			digits.WriteString(field)
		}
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		tb.Fatalf("golden bytes: %v", err)
	}
	SkipBigEndian(tb)
	return b
}

// SkipBigEndian skips a test that compares with little-endian bytes on a machine that is not: integers travel
// in host byte order, so there the same values have other bytes.
func SkipBigEndian(tb testing.TB) {
	tb.Helper()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		tb.Skip("the expected bytes are little-endian; this machine is not")
	}
}
