package sys

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"unsafe"
)

// MappedFrom reports whether a buffer lies in memory that is mapped from a file whose name has that ending.
func MappedFrom(p []byte, ending string) (bool, error) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return false, err
	}
	defer f.Close()
	at := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p))))
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uint64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &from, &to); err != nil {
			return false, fmt.Errorf("/proc/self/maps: %q: %w", lines.Text(), err)
		}
		if from <= at && at < to {
			return strings.HasSuffix(strings.TrimSuffix(lines.Text(), " (deleted)"), ending), nil
		}
	}
	return false, fmt.Errorf("%#x is not in /proc/self/maps", at)
}
