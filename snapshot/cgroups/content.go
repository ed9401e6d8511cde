package cgroups

import (
	"encoding/binary"
	"fmt"
	"iter"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// content is what snapshots that differ in nothing but generation and time share. It is immutable; indexes that are
// made when they are first needed look so from outside.
//
// The items lie in two allocations without a pointer in them. One is the answer as it came; paths are read from it. The
// other is made of it: the rows, one an item, in producer order and one after the other. An index knows a row by where it
// begins.
type content struct {
	ids
	rows    []byte
	answer  []byte
	items   int
	systemd uint32
	texts   *texts
}

// makeContent indexes an answer, in a number of allocations that does not depend on the number of items. Error:
// ErrTooLarge.
func makeContent(a answer, cfg *shape) (content, error) {
	n := a.View.Len()
	rows := mostRows(n, a.View.NamesSize())
	if need := uint64(len(a.Payload)) + rows + uint64(n)*indexBytes; need > uint64(cfg.maxBytes) {
		return content{}, fmt.Errorf("%w: %d cgroups in %d bytes, Config.MaxBytes is %d", ErrTooLarge, n, need, cfg.maxBytes)
	}
	c := content{
		answer:  a.Payload,
		items:   n,
		systemd: a.View.SystemdEnabled(),
		texts:   &texts{},
	}
	c.makeRows(rows)
	c.makeIDs()
	c.texts.begin(&c, cfg)
	return c, nil
}

// makeRows makes the rows, which take at most so many bytes.
func (c *content) makeRows(most uint64) {
	rows, n := make([]byte, most), 0
	dir := c.answer[payload.DirectoryOffset:][:c.items*payload.EntrySize]
	packed := payload.DirectoryOffset + len(dir)
	for ; len(dir) >= payload.EntrySize; dir = dir[payload.EntrySize:] {
		n += c.put(rows[n:], packed+int(binary.NativeEndian.Uint32(dir)))
	}
	c.rows = rows[:n]
}

// after returns where the row after one that begins at an offset begins.
func (c *content) after(at int) int { return at + rowSize(int(c.row(at).nameLength)) }

// all yields the rows in producer order.
func (c *content) all() iter.Seq[*row] {
	return func(yield func(*row) bool) {
		for at := 0; at < len(c.rows); at = c.after(at) {
			if !yield(c.row(at)) {
				return
			}
		}
	}
}
