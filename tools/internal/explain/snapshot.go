package explain

import (
	"errors"
	"fmt"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// snapshot explains a CGROUPS_SNAPSHOT response.
func (x *explanation) snapshot(b []byte, base int) {
	l := snapshotResponseLayout
	s := x.section(l.name, l, b, base)
	v, err := cgroupsnapshot.DecodeResponse(b)
	var ce *codec.Error
	if errors.As(err, &ce) && ce.Item < 0 {
		x.fail(s, l, err, base, min(len(b), l.size))
		if len(b) > l.size {
			x.bytes("unexplained", b[l.size:], base+l.size)
		}
		return
	}
	n := int(s.field("item_count").Value.(uint64))
	x.items(n, err, func(i int, err error) { x.snapshotItem(i, n, b, base, err) })
	if err == nil && v.Len() == 0 && len(b) > l.size {
		x.note("%d bytes behind the payload: ignored", len(b)-l.size)
	}
}

// snapshotItem explains the directory entry and the fields of item i of n. err is why it was refused, or nil.
func (x *explanation) snapshotItem(i, n int, b []byte, base int, err error) {
	entry := snapshotResponseLayout.size + i*entryLayout.size
	title := fmt.Sprintf("CGROUPS_SNAPSHOT item %d", i)
	s := x.section(title, entryLayout, b[entry:], base+entry)
	off, length := s.Fields[0].Value.(uint64), s.Fields[1].Value.(uint64)
	start := uint64(snapshotResponseLayout.size+n*entryLayout.size) + off
	if off%8 != 0 || start+length > uint64(len(b)) {
		x.failEntry(s, err, uint64(len(b)-snapshotResponseLayout.size-n*entryLayout.size))
		return
	}
	item, at := b[start:start+length], base+int(start)
	s.add(snapshotItemLayout, item, at)
	if err != nil {
		x.fail(s, snapshotItemLayout, err, at, min(len(item), snapshotItemLayout.size))
		return
	}
	name := s.span(item, "name")
	s.str("name", name.bytes, at+name.off)
	path := s.span(item, "path")
	s.str("path", path.bytes, at+path.off)
	if uint64(cgroupsnapshot.HashName(name.bytes)) == s.field("hash").Value {
		s.say("hash", "FNV-1 of the name")
	} else {
		s.say("hash", "not the FNV-1 of the name; nobody checks")
	}
}

type span struct {
	bytes []byte
	off   int
}

// span returns the string of an item that was accepted.
func (s *Section) span(item []byte, name string) span {
	off := s.field(name + "_offset").Value.(uint64)
	length := s.field(name + "_length").Value.(uint64)
	return span{item[off : off+length], int(off)}
}
