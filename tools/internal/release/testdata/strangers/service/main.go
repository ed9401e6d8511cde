// A program with a service and a client of it, which meet in memory: on every operating system.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

func main() {
	ctx, endpoint := context.Background(), servicetest.NewEndpoint()
	listener, err := endpoint.Listen()
	if err != nil {
		log.Fatal(err)
	}
	server := increment.NewServer(listener, service.ServerConfig{}, increment.Next)
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()

	client := increment.NewClient(endpoint.Dialer(), service.Config{})
	if _, err := client.Refresh(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Call(ctx, 41))
	client.Close()
	fmt.Println(server.Shutdown(ctx), <-served)

	// The transports of all operating systems are linked where they are: here by name only.
	_, err = local.NewDialer("run", "no/name")
	fmt.Println(err != nil)
}
