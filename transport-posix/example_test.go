//go:build linux || freebsd

package posix_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// One session and one request, with both ends in one process. Programs mostly use package service, which does
// this for them.
func Example() {
	runDir, err := os.MkdirTemp("", "netipc")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(runDir)
	where := posix.Config{RunDir: runDir, Service: "greeter"}
	ctx := context.Background()

	listener, err := posix.Listen(ctx, posix.ListenConfig{Config: where})
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	go func() {
		incoming, err := listener.Accept(ctx)
		if err != nil {
			return
		}
		session, err := incoming.Handshake(ctx, link.Settings{SessionID: 1})
		if err != nil {
			return
		}
		defer session.Close()
		var m link.Message
		for session.Recv(&m, nil) == nil {
			answer, err := session.Reserve(len("hello, ") + len(m.Payload))
			if err != nil {
				return
			}
			copy(answer[copy(answer, "hello, "):], m.Payload)
			m.Header.Kind = wire.KindResponse
			if session.Commit(m.Header, len(answer), nil) != nil {
				return
			}
		}
	}()

	dialer, err := posix.NewDialer(posix.DialConfig{Config: where})
	if err != nil {
		log.Fatal(err)
	}
	session, err := dialer.Dial(ctx, link.Proposal{})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	request, err := session.Reserve(len("world"))
	if err != nil {
		log.Fatal(err)
	}
	copy(request, "world")
	if err := session.Commit(wire.Header{Kind: wire.KindRequest, Code: 1, ItemCount: 1, MessageID: 1}, len(request), nil); err != nil {
		log.Fatal(err)
	}
	var m link.Message
	if err := session.Recv(&m, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, says session %d\n", m.Payload, session.Info().SessionID)
	// Output: hello, world, says session 1
}

func ExampleSocketPath() {
	path, err := posix.SocketPath("/run/netipc", "cgroups-snapshot")
	fmt.Println(path, err)
	// Output: /run/netipc/cgroups-snapshot.sock <nil>
}

// What a tool shows and tidies up.
func ExampleClean() {
	runDir, err := os.MkdirTemp("", "netipc")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(runDir)
	listener, err := posix.Listen(context.Background(), posix.ListenConfig{Config: posix.Config{RunDir: runDir, Service: "greeter"}})
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()

	endpoints, err := posix.Inspect(runDir)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range endpoints {
		fmt.Println(e.Service, "socket", e.State, "lock", e.Lock)
	}
	removed, err := posix.Clean(runDir, false)
	fmt.Println("removed:", len(removed), err)
	// Output:
	// greeter socket alive lock held
	// removed: 0 <nil>
}
