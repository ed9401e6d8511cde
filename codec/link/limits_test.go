package link_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func TestProposalDefaults(t *testing.T) {
	want := link.Proposal{
		Supported: 3, Preferred: 3, RequestPayload: 1024, RequestItems: 1, ResponsePayload: 1024, ResponseItems: 1, Packet: 4096, Depth: 64,
	}
	if got := (link.Proposal{}).WithDefaults(3, 4096); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	full := link.Proposal{
		Supported: 1, Preferred: 2, RequestPayload: 3, RequestItems: 4, ResponsePayload: 5, ResponseItems: 6, AuthToken: 7, Packet: 8, Depth: 9,
	}
	if got := full.WithDefaults(3, 4096); got != full {
		t.Errorf("%+v, want %+v", got, full)
	}
	if got := (link.Proposal{Supported: 1, RequestItems: 9}).WithDefaults(3, 4096); got.Preferred != 1 || got.ResponseItems != 9 {
		t.Errorf("%+v: preferred and response items follow supported and request items", got)
	}
}

func TestSettingsDefaults(t *testing.T) {
	want := link.Settings{Supported: 3, Preferred: 3, RequestPayload: 1 << 20, ResponsePayload: 64 << 10, Packet: 4096}
	if got := (link.Settings{}).WithDefaults(3, 4096); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	full := link.Settings{
		Supported: 1, Preferred: wire.ProfileSHMHybrid, RequestPayload: 3, ResponsePayload: 4, AuthToken: 5, Packet: 6, SessionID: 7,
	}
	if got := full.WithDefaults(3, 4096); got != full {
		t.Errorf("%+v, want %+v", got, full)
	}
}
