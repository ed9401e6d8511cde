package stringreverse_test

import (
	"context"
	"fmt"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/stringreverse"
)

// A provider and one of its clients. Package service/local has the listener and the dialer of this operating
// system; those of this example are in memory.
func Example() {
	net := linktest.NewNetwork()
	l, err := net.Listen("strings", linktest.ListenConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := stringreverse.NewServer(l, service.ServerConfig{}, stringreverse.Reverse)
	served := make(chan error)
	go func() { served <- server.Serve(context.Background()) }()

	client := stringreverse.NewClient(net.Dialer("strings"), service.Config{})
	defer client.Close()
	ctx := context.Background()
	if _, err := client.Refresh(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Call(ctx, "drawer"))

	// Many strings in one message. The views live until ViewBatch returns.
	words := []string{"stressed", "", "live"}
	fmt.Println(client.ViewBatch(ctx, words, func(i int, v codec.StrView) error {
		fmt.Printf("%q %q\n", words[i], v.Bytes())
		return nil
	}))

	fmt.Println(server.Shutdown(ctx), <-served)
	// Output:
	// reward <nil>
	// "stressed" "desserts"
	// "" ""
	// "live" "evil"
	// <nil>
	// <nil> <nil>
}
