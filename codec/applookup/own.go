package applookup

import (
	"slices"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/bounds"
	"github.com/plugin-ipc/netipc/codec/internal/lookup"
)

// Item is the answer to one pid, owned. Unless Status is StatusKnown, all but PID is zero, and UID is UIDNotSet.
type Item struct {
	Status       Status
	CgroupStatus CgroupStatus
	Orchestrator Orchestrator // who runs the cgroup
	PID          uint32       // as it was asked for
	PPID         uint32       // of the parent
	UID          uint32       // 0 is root; UIDNotSet when it is not known
	StartTime    uint64       // jiffies since boot, field 22 of /proc/PID/stat; 0 off Linux
	Comm         string       // name of the command, 1 to CommMax bytes
	CgroupPath   string
	CgroupName   string
	Labels       []Label // of the cgroup, in the producer's order
}

// Response is a whole answer, owned. The zero value answers nothing, ready for use and for Clone.
type Response struct {
	Generation uint64 // the number that the producer gave to what it knew
	Items      []Item

	store lookup.Store // what Clone last copied: strings and labels of Items are parts of it
}

// Clone makes dst a copy of the pids, reusing its storage as far as it reaches.
func (v RequestView) Clone(dst *Request) {
	*dst = slices.Grow((*dst)[:0], v.Len())
	for _, pid := range v.All() {
		*dst = append(*dst, pid)
	}
}

// Owned returns a copy of the item that outlives the payload.
func (v ItemView) Owned() Item { return v.owned(string(v.b), new(lookup.Store)) }

// owned returns the item as parts of text, a copy of it, its labels kept in s.
func (v ItemView) owned(text string, s *lookup.Store) Item {
	comm, commEnd := v.span(itemCommOffset)
	path, pathEnd := v.span(itemPathOffset)
	name, nameEnd := v.span(itemNameOffset)
	return Item{
		Status: v.Status(), CgroupStatus: v.CgroupStatus(), Orchestrator: v.Orchestrator(),
		PID: v.PID(), PPID: v.PPID(), UID: v.UID(), StartTime: v.StartTime(),
		Comm: text[comm:commEnd], CgroupPath: text[path:pathEnd], CgroupName: text[name:nameEnd],
		Labels: s.Add(v.Labels().list, text),
	}
}

// Clone makes dst a copy of the answer that outlives the payload. It reuses dst's storage: Items and their labels
// as far as it reaches; and the strings altogether when the items are those that the last Clone into dst copied, so
// that cloning the same answer again allocates nothing. Otherwise all strings are one allocation, of the size of
// the payload, which lives as long as any of them. Strings never change: they may be kept, slices of Items and of
// labels may not. One goroutine at a time may use dst.
func (v ResponseView) Clone(dst *Response) { CloneParts(dst, v.Generation(), Part{v, 0, v.Len()}) }

// Part is some items of an answer: those from From up to To, which is not one of them. It borrows what View does.
type Part struct {
	View     ResponseView
	From, To int
}

// CloneParts is Clone for an answer that came in several payloads: dst becomes a copy of their items, one part after
// the other. What Clone says of the strings of the answer holds for those of each part.
func CloneParts(dst *Response, generation uint64, parts ...Part) {
	n, labels := 0, 0
	for _, p := range parts {
		n += p.To - p.From
		for i := p.From; i < p.To; i++ {
			labels += p.View.Item(i).Labels().Len()
		}
	}
	dst.store.Begin(len(parts), labels)
	dst.Items = lookup.Resize(dst.Items, n)
	dst.Generation = generation
	at := 0
	for k, p := range parts {
		text, start := dst.store.Text(k, p.View.list, p.From, p.To)
		for i := p.From; i < p.To; i++ {
			off, end := p.View.list.Span(i)
			dst.Items[at] = p.View.Item(i).owned(text[off-start:end-start], &dst.store)
			at++
		}
	}
}

// Equal reports whether both hold the same values in the same order. No labels are no labels, nil or not.
func (r Response) Equal(s Response) bool {
	return r.Generation == s.Generation && slices.EqualFunc(r.Items, s.Items, Item.Equal)
}

// Equal reports whether both say the same.
func (it Item) Equal(t Item) bool {
	return it.Status == t.Status && it.CgroupStatus == t.CgroupStatus && it.Orchestrator == t.Orchestrator &&
		it.PID == t.PID && it.PPID == t.PPID && it.UID == t.UID && it.StartTime == t.StartTime &&
		it.Comm == t.Comm && it.CgroupPath == t.CgroupPath && it.CgroupName == t.CgroupName &&
		slices.Equal(it.Labels, t.Labels)
}

// shape says what no item may say, but for NULs, which put or nulIn find.
func (it *Item) shape() (field string, err error) {
	if !usual(it.Status, it.CgroupStatus, uint64(len(it.Comm)), uint64(len(it.CgroupPath))) {
		said := facts{
			status: it.Status, cgroup: it.CgroupStatus, orchestrator: it.Orchestrator,
			ppid: it.PPID, uid: it.UID, startTime: it.StartTime,
			comm: uint64(len(it.Comm)), path: uint64(len(it.CgroupPath)), name: uint64(len(it.CgroupName)),
			labels: len(it.Labels),
		}
		if field, err = said.check(); err != nil {
			return field, err
		}
	}
	return lookup.ShapeOf(it.Labels)
}

// nulIn returns the first field that has a NUL inside, "" if none has.
func (it *Item) nulIn() (field string) {
	switch {
	case lookup.HasNUL(it.Comm):
		return "comm"
	case lookup.HasNUL(it.CgroupPath):
		return "cgroup_path"
	case lookup.HasNUL(it.CgroupName):
		return "cgroup_name"
	case lookup.HaveNUL(it.Labels):
		return "labels"
	}
	return ""
}

// size returns the size of the encoded item.
func (it *Item) size() uint64 {
	return lookup.EndWithLabels(shortest+uint64(len(it.Comm))+uint64(len(it.CgroupPath))+uint64(len(it.CgroupName)), it.Labels)
}

// Size returns the size of the encoded answer in bytes. Error: codec.ErrOverflow when no payload can be that large.
func (r *Response) Size() (int, error) {
	size := lookup.PackedStart(len(r.Items))
	for i := range r.Items {
		size = bounds.AlignUp(size) + r.Items[i].size()
	}
	if size > bounds.MaxSize {
		return 0, codec.FieldError(layoutResponse, "", codec.ErrOverflow)
	}
	return int(size), nil
}

// Encode writes the canonical form of the answer to the start of dst and returns its size in bytes. All items are
// written as they are: what to leave out when they do not fit is Builder's business. Any number of goroutines may
// encode one answer. Errors: codec.ErrOverflow when dst is too short, Size says how much it takes; and for an item
// that cannot be as Builder.Add.
func (r *Response) Encode(dst []byte) (int, error) {
	size, err := r.Size()
	if err != nil {
		return 0, err
	}
	if size > len(dst) {
		return 0, codec.FieldError(layoutResponse, "", codec.ErrOverflow)
	}
	p := lookup.NewPacker(dst, len(r.Items))
	for i := range r.Items {
		it := &r.Items[i]
		if field, err := it.shape(); err != nil {
			return 0, codec.ItemError(layoutResponse, i, field, err)
		}
		if !put(p.Place(it.size()), it.PID, it) {
			return 0, codec.ItemError(layoutResponse, i, it.nulIn(), codec.ErrInteriorNUL)
		}
	}
	return p.Header(r.Generation), nil
}
