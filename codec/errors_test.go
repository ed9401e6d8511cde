package codec_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
)

func TestError(t *testing.T) {
	for _, c := range []struct {
		err  error
		text string
		want codec.Error
	}{
		{
			codec.FieldError("HELLO", "padding", codec.ErrBadLayout),
			"HELLO: padding: bad layout",
			codec.Error{Layout: "HELLO", Item: -1, Field: "padding", Err: codec.ErrBadLayout},
		},
		{
			codec.FieldError("HELLO", "", codec.ErrTruncated),
			"HELLO: truncated",
			codec.Error{Layout: "HELLO", Item: -1, Err: codec.ErrTruncated},
		},
		{
			codec.ItemError("CGROUPS_SNAPSHOT response", 3, "name_offset", codec.ErrOutOfBounds),
			"CGROUPS_SNAPSHOT response: item 3: name_offset: out of bounds",
			codec.Error{Layout: "CGROUPS_SNAPSHOT response", Item: 3, Field: "name_offset", Err: codec.ErrOutOfBounds},
		},
		{
			codec.ItemError("batch", 0, "", codec.ErrBadCount),
			"batch: item 0: bad item count",
			codec.Error{Layout: "batch", Err: codec.ErrBadCount},
		},
	} {
		if c.err.Error() != c.text {
			t.Errorf("%q, want %q", c.err, c.text)
		}
		var e *codec.Error
		if wrapped := fmt.Errorf("wrapped: %w", c.err); !errors.As(wrapped, &e) || *e != c.want || !errors.Is(wrapped, c.want.Err) {
			t.Errorf("%q is %+v, want %+v", c.err, e, c.want)
		}
	}
}

// A caller who branches on one must not take another for it.
func TestSentinelsDiffer(t *testing.T) {
	all := []error{
		codec.ErrTruncated, codec.ErrBadLayout, codec.ErrOutOfBounds, codec.ErrBadAlignment,
		codec.ErrMissingNUL, codec.ErrInteriorNUL, codec.ErrBadCount, codec.ErrOverflow,
	}
	texts := map[string]bool{}
	for i, a := range all {
		texts[a.Error()] = true
		for k, b := range all {
			if errors.Is(a, b) != (i == k) {
				t.Errorf("%v and %v are taken for each other", a, b)
			}
		}
	}
	if len(texts) != len(all) {
		t.Errorf("%d texts for %d errors", len(texts), len(all))
	}
}
