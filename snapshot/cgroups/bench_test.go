package cgroups

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
)

var sizes = []int{1000, 100_000}

type identity struct {
	hash uint32
	name string
}

// shuffled returns the identities in a random order, each name in memory of its own.
func shuffled(list *payload.Snapshot) []identity {
	ids := make([]identity, len(list.Items))
	for i, k := range rand.Perm(len(ids)) {
		ids[i] = identity{list.Items[k].Hash, strings.Clone(list.Items[k].Name)}
	}
	return ids
}

// next counts round and round, without the division that would be a third of a lookup.
func next(i, n int) int {
	if i++; i == n {
		return 0
	}
	return i
}

var (
	found      Item
	foundInMap payload.Item
)

// BenchmarkLookup looks up every item once, in random order, over and over; also in Go maps of the same keys,
// which is what one would use otherwise. The loops are written out, because a call through a function value
// takes half as long as a lookup.
func BenchmarkLookup(b *testing.B) {
	for _, n := range sizes {
		list := cgroupList(n)
		ids := shuffled(list)
		cache := holding(b, list)
		s := cache.Snapshot()
		run := func(name string, loop func(b *testing.B)) {
			b.Run(fmt.Sprintf("%s/items=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				loop(b)
			})
		}
		run("Cache", func(b *testing.B) {
			for i := 0; b.Loop(); i = next(i, n) {
				it, ok := cache.Lookup(ids[i].hash, ids[i].name)
				if !ok || len(it.Name()) != len(ids[i].name) {
					b.Fatal(it)
				}
				found = it
			}
		})
		run("Snapshot", func(b *testing.B) {
			for i := 0; b.Loop(); i = next(i, n) {
				it, ok := s.Lookup(ids[i].hash, ids[i].name)
				if !ok || len(it.Name()) != len(ids[i].name) {
					b.Fatal(it)
				}
				found = it
			}
		})
		run("Miss", func(b *testing.B) {
			for i := 0; b.Loop(); i = next(i, n) {
				if it, ok := s.Lookup(ids[i].hash+1, ids[i].name); ok {
					b.Fatal(it)
				}
			}
		})
		run("ByName", func(b *testing.B) {
			for i := 0; b.Loop(); i = next(i, n) {
				it, ok := s.ByName(ids[i].name)
				if !ok || len(it.Name()) != len(ids[i].name) {
					b.Fatal(it)
				}
				found = it
			}
		})
		run("EqualHashes", func(b *testing.B) {
			equal := cgroupList(n)
			for i := range equal.Items {
				equal.Items[i].Hash = 1
			}
			s := snapshotOf(b, equal)
			for i := 0; b.Loop(); i = next(i, n) {
				it, ok := s.Lookup(1, ids[i].name)
				if !ok || len(it.Name()) != len(ids[i].name) {
					b.Fatal(it)
				}
				found = it
			}
		})
		run("MapOfItems", func(b *testing.B) {
			m := make(map[identity]payload.Item, n)
			for _, it := range list.Items {
				m[identity{it.Hash, it.Name}] = it
			}
			for i := 0; b.Loop(); i = next(i, n) {
				it, ok := m[ids[i]]
				if !ok || len(it.Name) != len(ids[i].name) {
					b.Fatal(it)
				}
				foundInMap = it
			}
		})
		run("MapOfIndexes", func(b *testing.B) {
			m := make(map[identity]int32, n)
			for i, it := range list.Items {
				m[identity{it.Hash, it.Name}] = int32(i)
			}
			for i := 0; b.Loop(); i = next(i, n) {
				k, ok := m[ids[i]]
				if !ok || int(k) >= n {
					b.Fatal(k)
				}
			}
		})
	}
}

// BenchmarkRebuild copies an answer, judges it and makes a snapshot of it, which is what a refresh adds to receiving it.
// The last one is for lookups by name and by path, too.
func BenchmarkRebuild(b *testing.B) {
	for _, n := range sizes {
		for _, how := range []string{"good", "equal", "texts"} {
			b.Run(fmt.Sprintf("hashes=%s/items=%d", how, n), func(b *testing.B) {
				list, cfg := cgroupList(n), plain()
				for i := range list.Items {
					if how == "equal" {
						list.Items[i].Hash = 1
					}
				}
				cfg.names.Store(how == "texts")
				cfg.paths.Store(how == "texts")
				a := answerOf(b, list)
				b.ReportAllocs()
				for b.Loop() {
					c, err := makeContent(decode(b, bytes.Clone(a.Payload)), cfg)
					if err != nil || c.items != n {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkRefresh refreshes over a transport in memory, from a provider that has its answer ready: the transfer
// alone, with the same items each time, and with one item that changes.
func BenchmarkRefresh(b *testing.B) {
	for _, n := range sizes {
		list, other := cgroupList(n), cgroupList(n)
		other.Items[n-1].Enabled++
		payloads := [2][]byte{encode(b, list), encode(b, other)}
		run := func(name string, cycle int, once func(*Cache, *cgroupsnapshot.Client) error) {
			b.Run(fmt.Sprintf("%s/items=%d", name, n), func(b *testing.B) {
				c, h := newServed(b, Config{})
				client := cgroupsnapshot.NewClient(h.net.Dialer(cgroupsnapshot.ServiceName), service.Config{MaxResponsePayload: 64 << 20})
				defer client.Close()
				for _, connect := range []func(context.Context) (bool, error){c.Client().Refresh, client.Refresh} {
					if _, err := connect(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportAllocs()
				b.SetBytes(int64(len(payloads[0])))
				for i := 0; b.Loop(); i++ {
					h.set(modeServe, payloads[i%cycle])
					if err := once(c, client); err != nil {
						b.Fatal(err)
					}
				}
				if s := c.Snapshot(); s != nil && s.Len() != n {
					b.Fatal(s.Len())
				}
			})
		}
		run("Transfer", 1, func(c *Cache, client *cgroupsnapshot.Client) error {
			return client.View(b.Context(), func(v payload.ResponseView) error {
				if v.Len() != n {
					b.Fatal(v.Len())
				}
				return nil
			})
		})
		run("Unchanged", 1, func(c *Cache, _ *cgroupsnapshot.Client) error { return c.Refresh(b.Context()) })
		run("Changed", 2, func(c *Cache, _ *cgroupsnapshot.Client) error { return c.Refresh(b.Context()) })
	}
}

func BenchmarkDiff(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			list := cgroupList(n)
			old := snapshotOf(b, list)
			list.Items[n/2].Enabled++
			new := snapshotOf(b, list)
			b.ReportAllocs()
			for b.Loop() {
				if c := Diff(old, new); len(c.Changed) != 1 || len(c.Added)+len(c.Removed) != 0 {
					b.Fatal(c)
				}
			}
		})
	}
}
