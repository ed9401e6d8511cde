package cgroups

import (
	"encoding/binary"
	"fmt"
)

// makeContent copies an answer and indexes it, in a number of allocations that does not depend on the number of
// items. Error: ErrTooLarge.
func makeContent(a *answer, maxBytes int) (content, error) {
	rows := uint64(0)
	for _, it := range a.View.All() {
		rows += uint64(rowSize(it.Name().Len()))
	}
	n := a.View.Len()
	if need := uint64(len(a.Payload)) + rows + uint64(n)*indexBytes; need > uint64(maxBytes) {
		return content{}, fmt.Errorf("%w: %d cgroups in %d bytes, Config.MaxBytes is %d", ErrTooLarge, n, need, maxBytes)
	}
	c := content{items: n, systemd: a.View.SystemdEnabled(), answer: a.Keep(), rows: makeRows(a, int(rows))}
	c.makeLookups()
	return c, nil
}

// makeRows makes the rows, whose size is given.
func makeRows(a *answer, size int) string {
	rows := make([]byte, size)
	row := 0
	for _, it := range a.View.All() {
		name, path := it.Name().Bytes(), it.Path().Bytes()
		r := rows[row : row+rowSize(len(name))]
		ne := binary.NativeEndian
		ne.PutUint32(r[rowHash:], it.Hash())
		ne.PutUint32(r[rowNameLength:], uint32(len(name)))
		ne.PutUint32(r[rowOptions:], it.Options())
		ne.PutUint32(r[rowEnabled:], it.Enabled())
		ne.PutUint32(r[rowPathLength:], uint32(len(path)))
		ne.PutUint32(r[rowPath:], uint32(offsetIn(a.Payload, path)))
		copy(r[rowName:], name)
		row += len(r)
	}
	return stringOf(rows)
}
