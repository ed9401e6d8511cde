package applookup_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/internal/lookup/lookuptest"
)

var sizes = []int{16, 1000, 32_768}

// kinds are the items that are looked up: both have 120 bytes of strings.
var kinds = map[string]func(i int) applookup.Item{
	"labels=0": func(i int) applookup.Item {
		return applookup.Item{
			Orchestrator: applookup.OrchestratorDocker,
			PID:          uint32(i), PPID: 1, UID: 1000, StartTime: uint64(i),
			Comm:       "redis-server",
			CgroupPath: fmt.Sprintf("/system.slice/docker-%032d%s.scope", i, strings.Repeat("0", 23)),
			CgroupName: fmt.Sprintf("worker-%019d", i),
		}
	},
	"labels=3": func(i int) applookup.Item {
		return applookup.Item{
			Orchestrator: applookup.OrchestratorK8s,
			PID:          uint32(i), PPID: 1, UID: 1000, StartTime: uint64(i),
			Comm:       "redis-server",
			CgroupPath: fmt.Sprintf("/kubepods.slice/pod-%018d", i),
			CgroupName: fmt.Sprintf("worker-%06d", i),
			Labels:     []applookup.Label{{Key: "image", Value: "busybox:1.37"}, {Key: "app", Value: "tenant-0042"}, {Key: "namespace", Value: "backend"}},
		}
	},
}

func benchmark(b *testing.B, f func(b *testing.B, r *applookup.Response)) {
	for _, n := range sizes {
		for _, kind := range []string{"labels=0", "labels=3"} {
			b.Run(fmt.Sprintf("keys=%d/%s", n, kind), func(b *testing.B) {
				r := &applookup.Response{}
				for i := range n {
					r.Items = append(r.Items, kinds[kind](i))
				}
				size, err := r.Size()
				lookuptest.Must(b, err == nil)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				f(b, r)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	benchmark(b, func(b *testing.B, r *applookup.Response) {
		payload := encode(b, r)
		for b.Loop() {
			v, err := applookup.DecodeResponse(payload)
			lookuptest.Must(b, err == nil && v.Len() == len(r.Items))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	benchmark(b, func(b *testing.B, r *applookup.Response) {
		v, err := applookup.DecodeResponse(encode(b, r))
		lookuptest.Must(b, err == nil)
		want := readByIndex(v)
		for b.Loop() {
			lookuptest.Must(b, readAll(v) == want)
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	benchmark(b, func(b *testing.B, r *applookup.Response) {
		req := ask(b, pids(r.Items))
		size, err := r.Size()
		lookuptest.Must(b, err == nil)
		buf := make([]byte, size+8)
		var builder applookup.Builder
		for b.Loop() {
			err := builder.Reset(buf, nil, len(buf), req)
			for i := 0; err == nil && i < len(r.Items); i++ {
				err = builder.AddItem(&r.Items[i])
			}
			n, last := builder.Finish()
			lookuptest.Must(b, err == nil && last == nil && n == size && !builder.Full())
		}
	})
}

func BenchmarkBuildEncoded(b *testing.B) {
	benchmark(b, func(b *testing.B, r *applookup.Response) {
		req := ask(b, pids(r.Items))
		size, err := r.Size()
		lookuptest.Must(b, err == nil)
		buf := make([]byte, size+8)
		table := encodedOf(b, r.Items)
		var builder applookup.Builder
		for b.Loop() {
			err := builder.Reset(buf, nil, len(buf), req)
			for i := 0; err == nil && i < len(table); i++ {
				err = builder.AddEncoded(table[i])
			}
			n, last := builder.Finish()
			lookuptest.Must(b, err == nil && last == nil && n == size && !builder.Full())
		}
	})
}

// What does not fit must not cost more than what does.
func BenchmarkBuildExceeded(b *testing.B) {
	benchmark(b, func(b *testing.B, r *applookup.Response) {
		req := ask(b, pids(r.Items))
		size, err := r.Size()
		lookuptest.Must(b, err == nil)
		buf := make([]byte, size)
		budget := size * 9 / 10
		var builder applookup.Builder
		for b.Loop() {
			err := builder.Reset(buf, nil, budget, req)
			for i := 0; err == nil && i < len(r.Items); i++ {
				err = builder.Add(r.Items[i])
			}
			n, last := builder.Finish()
			lookuptest.Must(b, err == nil && last == nil && n <= budget && builder.Full())
		}
	})
}

func BenchmarkClone(b *testing.B) {
	benchmark(b, func(b *testing.B, r *applookup.Response) {
		v, err := applookup.DecodeResponse(encode(b, r))
		lookuptest.Must(b, err == nil)
		var dst applookup.Response
		for b.Loop() {
			v.Clone(&dst)
		}
		lookuptest.Must(b, dst.Equal(*r))
	})
}

func BenchmarkRequest(b *testing.B) {
	benchmark(b, func(b *testing.B, r *applookup.Response) {
		req := pids(r.Items)
		buf := make([]byte, req.Size())
		for b.Loop() {
			n, err := applookup.EncodeRequest(buf, req)
			lookuptest.Must(b, err == nil && n == len(buf))
			v, err := applookup.DecodeRequest(buf)
			lookuptest.Must(b, err == nil && v.Len() == len(req))
		}
	})
}
