package cgroups

import (
	"sync/atomic"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cache"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// answer is what a provider sent, and what it means.
type answer = cache.Answer[payload.ResponseView]

// shape says what is made of answers.
type shape struct {
	maxBytes     int
	names, paths atomic.Bool // somebody looks in an index of them
}

// newClient returns what a cache fetches with.
func newClient(d link.Dialer, cfg Config) *cache.Client[content] {
	s := &shape{maxBytes: cfg.MaxBytes}
	return cache.NewClient[cgroupsnapshot.Method](d, cfg.Client, cache.Kind[payload.Request, payload.ResponseView, content]{
		Make:         func(a answer) (content, error) { return makeContent(a, s) },
		GenerationAt: payload.GenerationOffset,
	})
}
