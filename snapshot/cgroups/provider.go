package cgroups

import (
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cache"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// answer is what a provider sent, and what it means. Both are borrowed, and valid as long as each other.
type answer = cache.Answer[payload.ResponseView]

// newClient returns what a cache fetches with.
func newClient(d link.Dialer, cfg Config) *cache.Client[content] {
	return cache.NewClient[cgroupsnapshot.Method](d, cfg.Client, cache.Kind[payload.Request, payload.ResponseView, content]{
		Make:         func(a *answer) (content, error) { return makeContent(a, cfg.MaxBytes) },
		GenerationAt: payload.GenerationOffset,
	})
}
