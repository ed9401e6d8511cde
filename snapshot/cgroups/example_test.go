package cgroups_test

import (
	"context"
	"fmt"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
)

// A provider and a consumer of its snapshots. They meet in memory here; package service/local has the transport
// of the operating system.
func Example() {
	ctx, net := context.Background(), linktest.NewNetwork()
	l, err := net.Listen(cgroupsnapshot.ServiceName, linktest.ListenConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	units := []string{"cron.service", "ssh.service"}
	server := cgroupsnapshot.NewServer(l, service.ServerConfig{}, func(_ context.Context, _ payload.Request, out *payload.Builder) error {
		for _, name := range units {
			if err := out.Add(payload.HashName(name), 0, 1, name, "/system.slice/"+name); err != nil {
				return err
			}
		}
		return nil
	})
	go server.Serve(ctx)

	cache := cgroups.New(net.Dialer(cgroupsnapshot.ServiceName), cgroups.Config{})
	defer cache.Close()
	if err := cache.Refresh(ctx); err != nil {
		fmt.Println(err)
		return
	}
	it, ok := cache.Lookup(payload.HashName("ssh.service"), "ssh.service")
	fmt.Println(it.Path(), ok)

	server.Close()
	if err := cache.Refresh(ctx); err != nil {
		fmt.Println("no provider; still there:", cache.Snapshot().Len(), "cgroups")
	}
	// Output:
	// /system.slice/ssh.service true
	// no provider; still there: 2 cgroups
}
