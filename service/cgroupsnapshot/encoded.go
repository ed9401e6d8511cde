package cgroupsnapshot

import (
	"context"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// Encode returns the payload of s under that generation, whatever its own is, in a buffer of its own. Error:
// codec.ErrOverflow when no payload can be that large.
func Encode(s cgroupsnapshot.Snapshot, generation uint64) ([]byte, error) {
	s.Generation = generation
	size, err := s.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	n, err := s.Encode(b)
	return b[:n], err
}

// Encoded returns a handler that answers with what current returns: a payload that was encoded before, as by Encode.
// A request costs the call and one copy into the send buffer, however large the snapshot is. current is called by
// all sessions at once, with the context of the request; what it returns is not written to, and must not change
// before the handler has returned. An error of it is one of the handler's.
//
//	cgroupsnapshot.NewServer(l, cfg, cgroupsnapshot.Encoded(recomputer.Encoded))
func Encoded(current func(context.Context) ([]byte, error)) Handler {
	return func(ctx context.Context, _ cgroupsnapshot.Request, out *cgroupsnapshot.Builder) error {
		b, err := current(ctx)
		if err != nil {
			return err
		}
		return out.SetEncoded(b)
	}
}
