package wire_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/wire"
)

func BenchmarkHeaderPut32B(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, wire.HeaderSize)
	h := headerGolden
	for b.Loop() {
		h.MessageID++
		h.Put(buf)
	}
	got, err := wire.DecodeHeader(buf)
	must(b, err == nil && got == h)
}

func BenchmarkHeaderDecode32B(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, wire.HeaderSize)
	headerGolden.Put(buf)
	for b.Loop() {
		h, err := wire.DecodeHeader(buf)
		if err != nil || h.MessageID != headerGolden.MessageID {
			b.Fatal(h, err)
		}
	}
}

func BenchmarkBatchBuild64x8B(b *testing.B) {
	b.ReportAllocs()
	const n = 64
	item := []byte("12345678")
	buf := make([]byte, wire.BatchSize(n, len(item)))
	var builder wire.BatchBuilder
	for b.Loop() {
		err := builder.Reset(buf, n)
		for i := 0; err == nil && i < n; i++ {
			err = builder.Add(item)
		}
		if size := builder.Finish(); err != nil || size != len(buf) {
			b.Fatal(size, err)
		}
	}
}

func BenchmarkBatchDecode64x8B(b *testing.B) {
	b.ReportAllocs()
	const n = 64
	items := make([][]byte, n)
	for i := range items {
		items[i] = []byte("12345678")
	}
	payload := naive(items)
	for b.Loop() {
		v, err := wire.DecodeBatch(payload, n)
		if err != nil {
			b.Fatal(err)
		}
		sum := 0
		for i := range v.Len() {
			sum += len(v.Item(i))
		}
		if sum != n*8 {
			b.Fatal(sum)
		}
	}
}
