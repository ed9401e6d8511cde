// Package bounds is the arithmetic of offsets that all layouts share (spec 07, "Common rules"). It is done in
// 64 bits, so that no sum of two 32-bit numbers from a peer wraps.
package bounds

import "math"

// Align is what items lie at multiples of, counted from the start of their packed area, in bytes.
const Align = 8

// AlignUp rounds n up to a multiple of Align.
func AlignUp(n uint64) uint64 { return (n + Align - 1) &^ (Align - 1) }

// MaxSize is the largest payload in bytes: its size must fit a u32, and an int, which on 32-bit machines is
// less.
const MaxSize = min(math.MaxUint32, math.MaxInt)
