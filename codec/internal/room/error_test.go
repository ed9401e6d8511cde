package room_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/internal/room"
)

// What a Grow says when it refuses is in the error, next to what it means.
func TestRefusalSaysWhy(t *testing.T) {
	why := errors.New("the limit is 7")
	r := room.New(nil, func(int) ([]byte, error) { return nil, why })
	err := r.Ensure(100)
	if !errors.Is(err, codec.ErrOverflow) || !errors.Is(err, why) || !strings.Contains(err.Error(), why.Error()) {
		t.Errorf("error %v, want %v and %v", err, codec.ErrOverflow, why)
	}
}
