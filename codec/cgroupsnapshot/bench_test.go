package cgroupsnapshot_test

import (
	"fmt"
	"testing"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

var sizes = []int{16, 1000, 100_000}

func BenchmarkDecode(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			s := many(n)
			payload := encode(b, &s)
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				v, err := cgroupsnapshot.DecodeResponse(payload)
				if err != nil || v.Len() != n {
					b.Fatal(v.Len(), err)
				}
			}
			perItem(b, n)
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			s := many(n)
			v, err := cgroupsnapshot.DecodeResponse(encode(b, &s))
			must(b, err == nil)
			want := readByIndex(v)
			b.ReportAllocs()
			for b.Loop() {
				must(b, readAll(v) == want)
			}
			perItem(b, n)
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range sizes {
		for _, hint := range []int{n, 0} {
			b.Run(fmt.Sprintf("items=%d/hint=%d", n, hint), func(b *testing.B) {
				s := many(n)
				size, err := s.Size()
				must(b, err == nil)
				buf := make([]byte, size)
				var builder cgroupsnapshot.Builder
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					err := builder.Reset(buf, nil, hint)
					for i := 0; err == nil && i < n; i++ {
						err = builder.AddItem(s.Items[i])
					}
					if got, ferr := builder.Finish(); got != size {
						b.Fatal(got, size, err, ferr)
					}
				}
				perItem(b, n)
			})
		}
	}
}

func BenchmarkClone(b *testing.B) {
	for _, n := range sizes {
		for _, same := range []bool{true, false} {
			b.Run(fmt.Sprintf("items=%d/same=%v", n, same), func(b *testing.B) {
				s := many(n)
				s.Items[0].Path += "x" // of one size
				one, err := cgroupsnapshot.DecodeResponse(encode(b, &s))
				must(b, err == nil)
				other := one
				if !same {
					s.Items[0].Path = s.Items[0].Path[:len(s.Items[0].Path)-1] + "y"
					other, err = cgroupsnapshot.DecodeResponse(encode(b, &s))
					must(b, err == nil)
				}
				var dst cgroupsnapshot.Snapshot
				b.ReportAllocs()
				for b.Loop() {
					one.Clone(&dst)
					one, other = other, one
				}
				must(b, len(dst.Items) == n && dst.Items[n-1].Path == s.Items[n-1].Path)
				perItem(b, n)
			})
		}
	}
}

// perItem adds the figure that does not depend on the size.
func perItem(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
}
