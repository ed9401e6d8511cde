package cache_test

import (
	"context"
	"fmt"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/servicetest"
	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// Paths is what is kept of an answer here: where each cgroup is.
type Paths struct{ byName map[string]string }

// Of is the lookup. Nobody has to refresh for it, and it works without a provider.
func (p *Paths) Of(name string) string { return p.byName[name] }

func makePaths(a cache.Answer[payload.ResponseView]) (Paths, error) {
	p := Paths{make(map[string]string, a.View.Len())}
	for _, it := range a.View.All() {
		p.byName[it.Name().String()] = it.Path().String()
	}
	return p, nil
}

// A cache of what one request brings. The provider is in the same process here; package service/local has the
// transport of the operating system.
func Example() {
	ctx, endpoint := context.Background(), servicetest.NewEndpoint()
	l, err := endpoint.Listen()
	if err != nil {
		fmt.Println(err)
		return
	}
	generation := uint64(0)
	server := cgroupsnapshot.NewServer(l, service.ServerConfig{}, func(_ context.Context, _ payload.Request, out *payload.Builder) error {
		generation++
		out.SetGeneration(generation)
		return out.Add(payload.HashName("ssh"), 0, 1, "ssh", "/system.slice/ssh.service")
	})
	go server.Serve(ctx)
	defer server.Close()

	client := cache.NewClient[cgroupsnapshot.Method](endpoint.Dialer(), service.Config{},
		cache.Kind[payload.Request, payload.ResponseView, Paths]{
			Make:         makePaths,
			GenerationAt: payload.GenerationOffset,
		})
	paths := cache.New(client, cache.Config{})
	defer paths.Close()
	for range 2 {
		if err := paths.Refresh(ctx); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(paths.Value().Of("ssh"))
	fmt.Println("generation", paths.Snapshot().Generation(), "is made of", paths.Status().Refreshes-paths.Status().Unchanged, "answer")
	// Output:
	// /system.slice/ssh.service
	// generation 2 is made of 1 answer
}

// What happened between two values that have an index.
func ExampleDiff() {
	old := cache.Map[string, string]{"ssh": "/a", "cron": "/b"}
	new := cache.Map[string, string]{"ssh": "/c", "nginx": "/d"}
	c := cache.Diff(old, new)
	fmt.Println("added", c.Added[0].Key)
	fmt.Println("removed", c.Removed[0].Key)
	fmt.Println("changed", c.Changed[0].Old.Value, "to", c.Changed[0].New.Value)
	// Output:
	// added nginx
	// removed cron
	// changed /a to /c
}
