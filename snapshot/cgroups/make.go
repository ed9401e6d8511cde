package cgroups

import (
	"encoding/binary"
	"fmt"
	"strings"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// makeContent copies a snapshot out of the payload and indexes it, in a number of allocations that does not
// depend on the number of items. Error: ErrTooLarge.
func makeContent(v payload.ResponseView, maxBytes int) (content, error) {
	var rows, paths uint64
	for _, it := range v.All() {
		rows += uint64(rowSize(it.Name().Len()))
		paths += uint64(it.Path().Len())
	}
	if need := rows + paths + uint64(v.Len())*indexBytes; need > uint64(maxBytes) {
		return content{}, fmt.Errorf("%w: %d cgroups in %d bytes, Config.MaxBytes is %d", ErrTooLarge, v.Len(), need, maxBytes)
	}
	c := content{items: v.Len(), systemd: v.SystemdEnabled()}
	c.rows, c.paths = copyItems(v, int(rows), int(paths))
	c.makeLookups()
	return c, nil
}

// copyItems makes the rows and the paths, whose sizes are given.
func copyItems(v payload.ResponseView, rowBytes, pathBytes int) (string, string) {
	var rows, paths strings.Builder // on the stack: behind a pointer every append would be a write barrier
	rows.Grow(rowBytes)
	paths.Grow(pathBytes)
	var head [rowName]byte
	var zeros [rowAlign]byte
	for _, it := range v.All() {
		name, path := it.Name(), it.Path()
		le := binary.LittleEndian
		le.PutUint32(head[rowHash:], it.Hash())
		le.PutUint32(head[rowOptions:], it.Options())
		le.PutUint32(head[rowEnabled:], it.Enabled())
		le.PutUint32(head[rowNameLength:], uint32(name.Len()))
		le.PutUint32(head[rowPathLength:], uint32(path.Len()))
		le.PutUint32(head[rowPath:], uint32(paths.Len()))
		rows.Write(head[:])
		rows.Write(name.Bytes())
		rows.Write(zeros[:-name.Len()&(rowAlign-1)])
		paths.Write(path.Bytes())
	}
	return rows.String(), paths.String()
}
