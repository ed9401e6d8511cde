package cgroups

import (
	"fmt"
	"unsafe"
)

// offsetIn returns where part lies in whole, of which it is a part; 0 for an empty one. Only addresses are
// compared, nothing is read.
func offsetIn(whole, part []byte) int {
	if len(part) == 0 {
		return 0 // an empty slice may point to where it was cut from
	}
	off := uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
	if off > uintptr(len(whole)) || uintptr(len(part)) > uintptr(len(whole))-off {
		panic(fmt.Sprintf("cgroups: %d bytes at %d are not in %d bytes", len(part), off, len(whole)))
	}
	return int(off)
}

// stringOf returns b as a string without copying it. Nobody writes to b any more.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
