package lookup

import "sort"

// Answer is the answer to all keys of a call, in their order. Its runs borrow what the call's series keeps.
type Answer[V any] struct {
	Keys       int
	Generation uint64
	Runs       []Run[V] // in the order of the keys, without gaps

	due  []span // keys without an answer, the first ones last
	more []span // of the part that is being judged, the first ones first
}

// Run is some keys that follow one another and have their items in one payload.
type Run[V any] struct {
	First    int // key
	View     V
	From, To int // items
}

// span is some keys that follow one another.
type span struct {
	from, to int
	alone    bool // one key, of which the provider said that its item is too large, beside others
}

// Find returns where the item of key i is. It panics when there is no such key, as a slice does.
func (a *Answer[V]) Find(i int) (V, int) {
	if i < 0 || i >= a.Keys {
		_ = a.Runs[len(a.Runs):][i]
	}
	k := 0
	if len(a.Runs) > 1 {
		k = sort.Search(len(a.Runs), func(k int) bool { return a.Runs[k].First > i }) - 1
	}
	r := &a.Runs[k]
	return r.View, r.From + i - r.First
}

// reset makes a ready for another call. Storage is kept.
func (a *Answer[V]) reset() {
	clear(a.Runs)
	a.Keys, a.Generation = 0, 0
	a.Runs, a.due, a.more = a.Runs[:0], a.due[:0], a.more[:0]
}

// order sorts the runs, which are in order unless the provider left gaps.
func (a *Answer[V]) order() {
	for k := 1; k < len(a.Runs); k++ {
		if a.Runs[k].First < a.Runs[k-1].First {
			sort.Slice(a.Runs, func(i, j int) bool { return a.Runs[i].First < a.Runs[j].First })
			return
		}
	}
}

// advance takes the first n keys off what is to be asked for next, and puts in front of the rest what of these has to
// be asked for again.
func (a *Answer[V]) advance(n int) {
	last := len(a.due) - 1
	rest := a.due[last]
	a.due = a.due[:last]
	if rest.from += n; rest.from < rest.to {
		if k := len(a.more) - 1; k >= 0 && !a.more[k].alone && a.more[k].to == rest.from {
			a.more[k].to = rest.to
		} else {
			a.due = append(a.due, rest)
		}
	}
	for k := len(a.more) - 1; k >= 0; k-- {
		a.due = append(a.due, a.more[k])
	}
	a.more = a.more[:0]
}

// again notes that a key has to be asked for again.
func (a *Answer[V]) again(key int, alone bool) {
	if k := len(a.more) - 1; k >= 0 && !alone && !a.more[k].alone && a.more[k].to == key {
		a.more[k].to++
		return
	}
	a.more = append(a.more, span{key, key + 1, alone})
}
