package increment_test

import (
	"context"
	"fmt"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
)

// A provider and one of its clients. Package service/local has the listener and the dialer of this operating
// system; those of this example are in memory.
func Example() {
	net := linktest.NewNetwork()
	l, err := net.Listen("increment", linktest.ListenConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := increment.NewServer(l, service.ServerConfig{
		MaxSessions: 100,
		OnEvent: func(e link.Event) {
			if e.Kind == link.EventAccept {
				fmt.Println("session", e.Session)
			}
		},
	}, increment.Next)
	served := make(chan error)
	go func() { served <- server.Serve(context.Background()) }()

	client := increment.NewClient(net.Dialer("increment"), service.Config{})
	defer client.Close()
	ctx := context.Background()
	if _, err := client.Refresh(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Call(ctx, 41))

	fmt.Println(server.Shutdown(ctx), <-served)
	// Output:
	// session 1
	// 42 <nil>
	// <nil> <nil>
}
