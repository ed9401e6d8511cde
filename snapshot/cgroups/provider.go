package cgroups

import (
	"context"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
)

// answer is what a provider sent, and what it means. Both are borrowed, and valid as long as each other.
type answer struct {
	view  payload.ResponseView
	bytes []byte
}

// method is CGROUPS_SNAPSHOT for a client that wants the bytes too: the same bytes again are no news.
type method struct{ cgroupsnapshot.Method }

// DecodeResponse implements service.Method.
func (method) DecodeResponse(b []byte) (answer, error) {
	v, err := payload.DecodeResponse(b)
	return answer{v, b}, err
}

type client = service.Client[payload.Request, answer, method]

// provider is what a cache needs of its client.
type provider interface {
	Ready() bool
	Refresh(context.Context) (changed bool, err error)
	Call(context.Context, payload.Request, func(answer) error) error
}

var _ provider = (*client)(nil)
