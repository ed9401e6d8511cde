package shm

import (
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
)

// TestVectorCapacities judges shm/capacity_table: what areas deployed servers make for which limits. Theirs are their
// own maxima, ours what was agreed on (15-p), which the formula does not care about.
func TestVectorCapacities(t *testing.T) {
	for _, f := range vectortest.Files(t, "shm") {
		if f.Family != "capacity_table" {
			continue
		}
		differ := 0
		for i, raw := range vectortest.Rows(t, f) {
			var r struct {
				Server   string `json:"server"`
				Request  uint32 `json:"max_request_payload_bytes"`
				Response uint32 `json:"max_response_payload_bytes"`
				Geometry
				Size uint64 `json:"file_size"`
			}
			var g struct {
				RequestOffset    uint32 `json:"request_offset"`
				RequestCapacity  uint32 `json:"request_capacity"`
				ResponseOffset   uint32 `json:"response_offset"`
				ResponseCapacity uint32 `json:"response_capacity"`
			}
			vectortest.Into(t, raw, &r)
			vectortest.Into(t, raw, &g)
			for _, n := range []*uint32{&r.Request, &r.Response} {
				if *n == 0 {
					*n = link.DefaultPayload
				}
			}
			want := Geometry(g)
			got, err := GeometryFor(link.Limits{RequestPayload: r.Request, ResponsePayload: r.Response})
			switch {
			case err == nil && (got != want || got.Size() != r.Size):
				t.Errorf("row %d: %+v of %d bytes, recorded %+v of %d", i+1, got, got.Size(), want, r.Size)
			case err != nil && (!errors.Is(err, ErrTooBig) || uint64(r.Request)+uint64(r.Response) < 1<<32-300):
				t.Errorf("row %d: %v", i+1, err)
			case err != nil && want != (Geometry{}):
				differ++ // the deployed Go server wraps around (15-k, D13)
			}
		}
		t.Logf("%d rows differ by decision k", differ)
		if differ == 0 {
			t.Error("no row was recorded that wraps around")
		}
	}
}
