package cgroups

import (
	"hash/maphash"
	"runtime"
	"sync"
	"sync/atomic"
)

// texts are the indexes by name and by path. Few need them, and each costs as much as the one by identity. So one is made
// when somebody first looks in it; from then on the cache makes it for every new snapshot before that is published.
type texts struct {
	names textIndex
	paths textIndex
}

// textIndex is an index by a text of the items, as soon as it is made.
type textIndex struct {
	index  // of content; valid once made
	made   atomic.Bool
	mu     sync.Mutex
	wanted *atomic.Bool // of the cache: somebody looks in such an index
}

// begin makes those of a new content that the cache knows to be wanted.
func (t *texts) begin(c *content, cfg *shape) {
	t.names.wanted, t.paths.wanted = &cfg.names, &cfg.paths
	if cfg.names.Load() {
		t.names.make(c, nameOf)
	}
	if cfg.paths.Load() {
		t.paths.make(c, (*content).path)
	}
}

// find returns the first item with a text, nil if there is none.
func (x *textIndex) find(c *content, want string, text func(*content, *row) string) *row {
	if !x.made.Load() {
		x.make(c, text)
	}
	_, r := c.probe(x.index, maphash.String(seed, want), func(r *row) bool { return text(c, r) == want })
	return r
}

// make makes the index, or waits until it is made.
func (x *textIndex) make(c *content, text func(*content, *row) string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.made.Load() {
		return
	}
	x.wanted.Store(true)
	x.index = newIndex(c.items)
	c.indexTexts(x.index, text)
	x.made.Store(true)
}

// indexTexts fills an index that goes by a text of the items.
func (c *content) indexTexts(x index, text func(*content, *row) string) {
	var s some
	for at := 0; at < len(c.rows); s.n = 0 {
		for more := true; more && at < len(c.rows); at = c.after(at) {
			more = s.add(x, at, maphash.String(seed, text(c, c.row(at))))
		}
		for k, at := range s.rows[:s.n] {
			h := s.hashes[k]
			own := text(c, c.row(at))
			i, found := c.probe(x, h, func(r *row) bool { return text(c, r) == own })
			for found == nil && !x[i].add(tagOf(h), at) {
				i = x.after(i)
			}
		}
	}
	runtime.KeepAlive(&s)
}

// nameOf is path's counterpart.
func nameOf(_ *content, r *row) string { return r.name() }
