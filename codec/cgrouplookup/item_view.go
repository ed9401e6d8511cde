package cgrouplookup

import (
	"bytes"
	"encoding/binary"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// ItemView is the answer to one path. It borrows the payload: valid as long as the ResponseView it is from; Owned
// copies to keep. Any number of goroutines may read one.
type ItemView struct{ b []byte }

// Status returns what became of the key. Unless it is StatusKnown, only Path says more.
func (v ItemView) Status() Status { return Status(v.u16(itemStatus)) }

// Orchestrator returns who runs the cgroup.
func (v ItemView) Orchestrator() Orchestrator { return Orchestrator(v.u16(itemOrchestrator)) }

// Path returns the path that was asked for; it is not empty. Borrowed: valid as long as the view.
func (v ItemView) Path() codec.StrView { return v.str(itemPathOffset) }

// Name returns the name of the cgroup, which may be empty. Borrowed: valid as long as the view.
func (v ItemView) Name() codec.StrView { return v.str(itemNameOffset) }

// Labels returns the labels of the cgroup, borrowed: valid as long as the view.
func (v ItemView) Labels() LabelsView {
	_, pathNUL := v.span(itemPathOffset)
	_, nameNUL := v.span(itemNameOffset)
	return LabelsView{lookup.LabelsOf(v.b, max(pathNUL, nameNUL)+nulSize, int(v.u16(itemLabelCount)))}
}

// Size returns the size of the item in bytes, and that of its shortest form, which says nothing but its path and a
// status; both rounded up to a multiple of 8, as the items of a response lie.
func (v ItemView) Size() (whole, least int) {
	path, end := v.span(itemPathOffset)
	return int(bounds.AlignUp(uint64(len(v.b)))), int(bounds.AlignUp(shortest(end - path)))
}

func (v ItemView) u16(at int) uint16 { return binary.NativeEndian.Uint16(v.b[at:]) }

// str returns the string whose offset and length lie at a fixed place.
func (v ItemView) str(at int) codec.StrView {
	off, end := v.span(at)
	return codec.MakeStrView(v.b[off:end:end])
}

func (v ItemView) span(at int) (off, end uint64) {
	off = uint64(binary.NativeEndian.Uint32(v.b[at:]))
	return off, off + uint64(binary.NativeEndian.Uint32(v.b[at+4:]))
}

// canonical reports whether b is what a builder writes, which nearly every item is: path and name one after the other,
// and then the labels. That takes one pass over the strings, and not one each. It accepts nothing that judge does not;
// false says nothing.
func canonical(b []byte) bool {
	if len(b) < itemFixed {
		return false
	}
	h, ne := (*[itemFixed]byte)(b), binary.NativeEndian
	pathLen, nameLen := uint64(ne.Uint32(h[itemPathLength:])), uint64(ne.Uint32(h[itemNameLength:]))
	name := itemFixed + pathLen + nulSize
	end := name + nameLen + nulSize
	labels := int(ne.Uint16(h[itemLabelCount:]))
	switch {
	case ne.Uint16(h[itemVersion:]) != lookup.Version, ne.Uint16(h[itemZero:])|ne.Uint16(h[itemZero2:]) != 0,
		ne.Uint32(h[itemPathOffset:]) != itemFixed, uint64(ne.Uint32(h[itemNameOffset:])) != name,
		end > uint64(len(b)) || labels == 0 && end != uint64(len(b)),
		b[name-1]|b[end-1] != 0,
		!lookup.Tight(b[itemFixed:end], 2):
		return false
	}
	s, o := Status(ne.Uint16(h[itemStatus:])), Orchestrator(ne.Uint16(h[itemOrchestrator:]))
	if _, err := checkCombination(s, o, pathLen, nameLen, labels); err != nil {
		return false
	}
	if labels == 0 {
		return true
	}
	_, err := lookup.CheckLabels(b, end, labels)
	return err == nil
}

// judge judges one item of a response, whole.
func judge(b []byte) (field string, err error) {
	if len(b) < itemFixed {
		return "", codec.ErrTruncated
	}
	v, size := ItemView{b}, uint64(len(b))
	path, pathNUL := v.span(itemPathOffset)
	name, nameNUL := v.span(itemNameOffset)
	labels := int(v.u16(itemLabelCount))
	switch {
	case v.u16(itemVersion) != lookup.Version:
		return "layout_version", codec.ErrBadLayout
	case v.u16(itemZero)|v.u16(itemZero2) != 0:
		return "padding", codec.ErrBadLayout
	case path < itemFixed:
		return "path_offset", codec.ErrOutOfBounds
	case pathNUL >= size:
		return "path_length", codec.ErrOutOfBounds
	case name < itemFixed:
		return "name_offset", codec.ErrOutOfBounds
	case nameNUL >= size:
		return "name_length", codec.ErrOutOfBounds
	case b[pathNUL] != 0:
		return "path", codec.ErrMissingNUL
	case b[nameNUL] != 0:
		return "name", codec.ErrMissingNUL
	case pathNUL >= name && nameNUL >= path:
		return "path and name share bytes", codec.ErrBadLayout
	case bytes.IndexByte(b[path:pathNUL], 0) >= 0:
		return "path", codec.ErrInteriorNUL
	case bytes.IndexByte(b[name:nameNUL], 0) >= 0:
		return "name", codec.ErrInteriorNUL
	}
	if field, err := checkCombination(v.Status(), v.Orchestrator(), pathNUL-path, nameNUL-name, labels); err != nil {
		return field, err
	}
	return lookup.CheckLabels(b, max(pathNUL, nameNUL)+nulSize, labels)
}

// checkCombination says what no item may say, received or built: there must be a path, and a status other than
// KNOWN says nothing else. Lengths are in bytes.
func checkCombination(s Status, o Orchestrator, path, name uint64, labels int) (field string, err error) {
	switch {
	case s > StatusOversizedItem:
		return "status", codec.ErrBadLayout
	case path == 0:
		return "path_length", codec.ErrBadLayout
	case s == StatusKnown:
		return "", nil
	case o != OrchestratorUnknown:
		return "orchestrator", codec.ErrBadLayout
	case name != 0:
		return "name", codec.ErrBadLayout
	case labels != 0:
		return "label_count", codec.ErrBadLayout
	}
	return "", nil
}
