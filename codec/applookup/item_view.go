package applookup

import (
	"bytes"
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// ItemView is the answer to one pid. It borrows the payload: valid as long as the ResponseView it is from; Owned
// copies to keep. Any number of goroutines may read one.
type ItemView struct{ b []byte }

// Status returns what became of the key. Unless it is StatusKnown, only PID says more.
func (v ItemView) Status() Status { return Status(v.u16(itemStatus)) }

// CgroupStatus returns what is known about the cgroup of the process.
func (v ItemView) CgroupStatus() CgroupStatus { return CgroupStatus(v.u16(itemCgroupStatus)) }

// Orchestrator returns who runs the cgroup of the process.
func (v ItemView) Orchestrator() Orchestrator { return Orchestrator(v.u16(itemOrchestrator)) }

// PID returns the process id that was asked for.
func (v ItemView) PID() uint32 { return v.u32(itemPID) }

// PPID returns the process id of the parent.
func (v ItemView) PPID() uint32 { return v.u32(itemPPID) }

// UID returns the user that the process runs as, or UIDNotSet.
func (v ItemView) UID() uint32 { return v.u32(itemUID) }

// StartTime returns when the process was started, in jiffies since boot: field 22 of /proc/PID/stat; 0 off Linux.
func (v ItemView) StartTime() uint64 { return binary.NativeEndian.Uint64(v.b[itemStartTime:]) }

// Comm returns the name of the command, 1 to CommMax bytes of a process that is known. Borrowed: valid as long as
// the view.
func (v ItemView) Comm() codec.StrView { return v.str(itemCommOffset) }

// CgroupPath returns the path of the cgroup, which may be empty. Borrowed: valid as long as the view.
func (v ItemView) CgroupPath() codec.StrView { return v.str(itemPathOffset) }

// CgroupName returns the name of the cgroup, which may be empty. Borrowed: valid as long as the view.
func (v ItemView) CgroupName() codec.StrView { return v.str(itemNameOffset) }

// Labels returns the labels of the cgroup, borrowed: valid as long as the view.
func (v ItemView) Labels() LabelsView {
	_, commNUL := v.span(itemCommOffset)
	_, pathNUL := v.span(itemPathOffset)
	_, nameNUL := v.span(itemNameOffset)
	return LabelsView{lookup.LabelsOf(v.b, max(commNUL, pathNUL, nameNUL)+nulSize, int(v.u16(itemLabelCount)))}
}

// Size returns the size of the item in bytes, and that of its shortest form, which says nothing but its pid and a
// status; both rounded up to a multiple of 8, as the items of a response lie.
func (v ItemView) Size() (whole, least int) {
	return int(bounds.AlignUp(uint64(len(v.b)))), shortestRounded
}

func (v ItemView) u16(at int) uint16 { return binary.NativeEndian.Uint16(v.b[at:]) }
func (v ItemView) u32(at int) uint32 { return binary.NativeEndian.Uint32(v.b[at:]) }

// str returns the string whose offset and length lie at a fixed place.
func (v ItemView) str(at int) codec.StrView {
	off, end := v.span(at)
	return codec.MakeStrView(v.b[off:end:end])
}

func (v ItemView) span(at int) (off, end uint64) {
	off = uint64(v.u32(at))
	return off, off + uint64(v.u32(at+4))
}

// canonical reports whether b is what a builder writes, which nearly every item is: the strings one after the other,
// and then the labels. That takes one pass over the strings, and not one each. It accepts nothing that judge does not;
// false says nothing.
func canonical(b []byte) bool {
	if len(b) < shortest {
		return false
	}
	if len(b) == shortest && saysNothing((*[shortest]byte)(b)) {
		return true
	}
	h, ne := (*[itemFixed]byte)(b), binary.NativeEndian
	comm := uint64(ne.Uint32(h[itemCommLength:]))
	pathLen := uint64(ne.Uint32(h[itemPathLength:]))
	path := itemFixed + comm + nulSize
	name := path + pathLen + nulSize
	end := name + uint64(ne.Uint32(h[itemNameLength:])) + nulSize
	labels := int(ne.Uint16(h[itemLabelCount:]))
	switch {
	case ne.Uint16(h[itemVersion:]) != lookup.Version, ne.Uint32(h[itemZero:])|uint32(ne.Uint16(h[itemZero2:])) != 0,
		ne.Uint32(h[itemCommOffset:]) != itemFixed,
		uint64(ne.Uint32(h[itemPathOffset:])) != path, uint64(ne.Uint32(h[itemNameOffset:])) != name,
		end > uint64(len(b)) || labels == 0 && end != uint64(len(b)),
		b[path-1]|b[name-1]|b[end-1] != 0:
		return false
	case !usual(Status(ne.Uint16(h[itemStatus:])), CgroupStatus(ne.Uint16(h[itemCgroupStatus:])), comm, pathLen),
		!lookup.Tight(b[itemFixed:end], 3):
		return false
	}
	if labels == 0 {
		return true
	}
	_, err := lookup.CheckLabels(b, end, labels)
	return err == nil
}

// saysNothing reports whether an item that is not known is as it has to be: a status that there is, a pid, and nothing
// else. All but these two is compared with what a builder writes, by words, because that is no call.
func saysNothing(b *[shortest]byte) bool {
	s := Status(binary.NativeEndian.Uint16(b[itemStatus:]))
	return s != StatusKnown && s <= StatusOversizedItem &&
		[2]byte(b[itemVersion:]) == [2]byte(nothing[itemVersion:]) &&
		[4]byte(b[itemOrchestrator:]) == [4]byte(nothing[itemOrchestrator:]) &&
		[4]byte(b[itemPPID:]) == [4]byte(nothing[itemPPID:]) &&
		[8]byte(b[itemUID:]) == [8]byte(nothing[itemUID:]) &&
		[8]byte(b[itemStartTime:]) == [8]byte(nothing[itemStartTime:]) &&
		[8]byte(b[itemCommOffset:]) == [8]byte(nothing[itemCommOffset:]) &&
		[8]byte(b[itemPathOffset:]) == [8]byte(nothing[itemPathOffset:]) &&
		[8]byte(b[itemNameOffset:]) == [8]byte(nothing[itemNameOffset:]) &&
		[8]byte(b[shortest-8:]) == [8]byte(nothing[shortest-8:])
}

// judge judges one item of a response, whole.
func judge(b []byte) (field string, err error) {
	if len(b) < itemFixed {
		return "", codec.ErrTruncated
	}
	v, size := ItemView{b}, uint64(len(b))
	comm, commNUL := v.span(itemCommOffset)
	path, pathNUL := v.span(itemPathOffset)
	name, nameNUL := v.span(itemNameOffset)
	switch {
	case v.u16(itemVersion) != lookup.Version:
		return "layout_version", codec.ErrBadLayout
	case v.u32(itemZero)|uint32(v.u16(itemZero2)) != 0:
		return "padding", codec.ErrBadLayout
	case comm < itemFixed:
		return "comm_offset", codec.ErrOutOfBounds
	case commNUL >= size:
		return "comm_length", codec.ErrOutOfBounds
	case path < itemFixed:
		return "cgroup_path_offset", codec.ErrOutOfBounds
	case pathNUL >= size:
		return "cgroup_path_length", codec.ErrOutOfBounds
	case name < itemFixed:
		return "cgroup_name_offset", codec.ErrOutOfBounds
	case nameNUL >= size:
		return "cgroup_name_length", codec.ErrOutOfBounds
	case b[commNUL] != 0:
		return "comm", codec.ErrMissingNUL
	case b[pathNUL] != 0:
		return "cgroup_path", codec.ErrMissingNUL
	case b[nameNUL] != 0:
		return "cgroup_name", codec.ErrMissingNUL
	case commNUL >= path && pathNUL >= comm,
		commNUL >= name && nameNUL >= comm,
		pathNUL >= name && nameNUL >= path:
		return "strings share bytes", codec.ErrBadLayout
	case bytes.IndexByte(b[comm:commNUL], 0) >= 0:
		return "comm", codec.ErrInteriorNUL
	case bytes.IndexByte(b[path:pathNUL], 0) >= 0:
		return "cgroup_path", codec.ErrInteriorNUL
	case bytes.IndexByte(b[name:nameNUL], 0) >= 0:
		return "cgroup_name", codec.ErrInteriorNUL
	}
	said := facts{
		status: v.Status(), cgroup: v.CgroupStatus(), orchestrator: v.Orchestrator(),
		ppid: v.PPID(), uid: v.UID(), startTime: v.StartTime(),
		comm: commNUL - comm, path: pathNUL - path, name: nameNUL - name, labels: int(v.u16(itemLabelCount)),
	}
	if field, err := said.check(); err != nil {
		return field, err
	}
	return lookup.CheckLabels(b, max(commNUL, pathNUL, nameNUL)+nulSize, said.labels)
}
