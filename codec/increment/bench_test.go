package increment_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/increment"
)

func BenchmarkEncodeDecode8B(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, increment.Size)
	v := uint64(0)
	for b.Loop() {
		v++
		if _, err := increment.EncodeRequest(buf, v); err != nil {
			b.Fatal(err)
		}
		if got, err := increment.DecodeRequest(buf); err != nil || got != v {
			b.Fatal(got, err)
		}
	}
}
