// A program with a cache of what a provider knows, which it meets in memory.
package main

import (
	"context"
	"fmt"
	"log"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/servicetest"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
)

func main() {
	ctx, endpoint := context.Background(), servicetest.NewEndpoint()
	listener, err := endpoint.Listen()
	if err != nil {
		log.Fatal(err)
	}
	server := cgroupsnapshot.NewServer(listener, service.ServerConfig{}, func(_ context.Context, _ payload.Request, out *payload.Builder) error {
		return out.Add(payload.HashName("ssh.service"), 0, 1, "ssh.service", "/system.slice/ssh.service")
	})
	go server.Serve(ctx)

	cache := cgroups.New(endpoint.Dialer(), cgroups.Config{})
	defer cache.Close()
	if err := cache.Refresh(ctx); err != nil {
		log.Fatal(err)
	}
	server.Close()
	if err := cache.Refresh(ctx); err == nil {
		log.Fatal("the provider is gone, and nobody said so")
	}
	item, ok := cache.Lookup(payload.HashName("ssh.service"), "ssh.service")
	fmt.Println(item.Path(), ok)
}
