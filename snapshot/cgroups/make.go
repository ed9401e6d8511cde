package cgroups

import (
	"encoding/binary"
	"fmt"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// headerSize is the size of an answer without items. The items follow; what the header says is asked of the
// view.
var headerSize = func() int {
	n, err := new(payload.Snapshot).Size()
	if err != nil {
		panic(err)
	}
	return n
}()

// makeContent copies an answer and indexes it, in a number of allocations that does not depend on the number of
// items. Error: ErrTooLarge.
func makeContent(a answer, maxBytes int) (content, error) {
	rows := uint64(0)
	for _, it := range a.view.All() {
		rows += uint64(rowSize(it.Name().Len()))
	}
	body, n := a.bytes[headerSize:], a.view.Len()
	if need := uint64(len(body)) + rows + uint64(n)*indexBytes; need > uint64(maxBytes) {
		return content{}, fmt.Errorf("%w: %d cgroups in %d bytes, Config.MaxBytes is %d", ErrTooLarge, n, need, maxBytes)
	}
	c := content{items: n, systemd: a.view.SystemdEnabled(), answer: string(body), rows: makeRows(a, body, int(rows))}
	c.makeLookups()
	return c, nil
}

// makeRows makes the rows, whose size is given.
func makeRows(a answer, body []byte, size int) string {
	rows := make([]byte, size)
	row := 0
	for _, it := range a.view.All() {
		name, path := it.Name().Bytes(), it.Path().Bytes()
		r := rows[row : row+rowSize(len(name))]
		ne := binary.NativeEndian
		ne.PutUint32(r[rowHash:], it.Hash())
		ne.PutUint32(r[rowNameLength:], uint32(len(name)))
		ne.PutUint32(r[rowOptions:], it.Options())
		ne.PutUint32(r[rowEnabled:], it.Enabled())
		ne.PutUint32(r[rowPathLength:], uint32(len(path)))
		ne.PutUint32(r[rowPath:], uint32(offsetIn(body, path)))
		copy(r[rowName:], name)
		row += len(r)
	}
	return stringOf(rows)
}

// equals reports whether an answer says the same, byte for byte, whatever its generation.
func (c *content) equals(a answer) bool {
	return c.items == a.view.Len() && c.systemd == a.view.SystemdEnabled() && c.answer == string(a.bytes[headerSize:])
}
