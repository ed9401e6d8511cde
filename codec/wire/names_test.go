package wire_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/wire"
)

func TestNames(t *testing.T) {
	for _, c := range []struct {
		got  interface{ String() string }
		want string
	}{
		{wire.KindRequest, "REQUEST"},
		{wire.KindResponse, "RESPONSE"},
		{wire.KindControl, "CONTROL"},
		{wire.Kind(9), "kind 9"},
		{wire.StatusOK, "OK"},
		{wire.StatusInternalError, "INTERNAL_ERROR"},
		{wire.Status(65535), "status 65535"},
		{wire.Profile(0), "none"},
		{wire.ProfileBaseline | wire.ProfileSHMHybrid, "baseline|shm-hybrid"},
		{wire.ProfileBaseline | 1<<31, "baseline|0x80000000"},
	} {
		if got := c.got.String(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestProfileBits(t *testing.T) {
	for _, c := range []struct {
		p, highest wire.Profile
		single     bool
	}{
		{0, 0, false},
		{1, 1, true},
		{3, 2, false},
		{1 << 31, 1 << 31, true},
		{1<<32 - 1, 1 << 31, false},
	} {
		if got := c.p.Highest(); got != c.highest || c.p.Single() != c.single {
			t.Errorf("%#x: highest %#x, single %v", uint32(c.p), uint32(got), c.p.Single())
		}
	}
}
