package stringreverse_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/stringreverse"
)

func BenchmarkEncodeReverse(b *testing.B) {
	for _, size := range []int{16, 1000, 32_768} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			s := strings.Repeat("x", size-1) + "y"
			buf, out := make([]byte, stringreverse.Size(size)), make([]byte, stringreverse.Size(size))
			var builder stringreverse.Builder
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_, err := stringreverse.EncodeRequest(buf, s)
				must(b, err == nil)
				v, err := stringreverse.DecodeRequest(buf)
				must(b, err == nil && builder.Reset(out, nil) == nil && builder.SetReversed(v) == nil)
				_, err = builder.Finish()
				must(b, err == nil)
				v, err = stringreverse.DecodeResponse(builder.Bytes())
				must(b, err == nil && v.Len() == size && v.Bytes()[0] == 'y')
			}
		})
	}
}
