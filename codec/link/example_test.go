package link_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// A session from the first to the last call, over the transport in memory; every other is used the same way.
func Example() {
	network := linktest.NewNetwork()
	listener, err := network.Listen("greetings", linktest.ListenConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listener.Close()

	served := make(chan error)
	go func() { served <- greet(listener) }()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := network.Dialer("greetings").Dial(ctx, link.Proposal{RequestPayload: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	payload, err := conn.Reserve(5) // written in place, not copied
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(payload, "World")
	deadline := link.Within(time.Minute) // for the request and the answer together
	head := wire.Header{Kind: wire.KindRequest, Code: 0x8000, ItemCount: 1, MessageID: 1}
	if err := conn.Commit(head, len(payload), &deadline); err != nil {
		fmt.Println(err)
		return
	}
	var answer link.Message
	if err := conn.Recv(&answer, &deadline); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v: %s\n", answer.Header.Status, answer.Payload)

	_, err = conn.Reserve(101)
	fmt.Println(err, errors.Is(err, link.ErrTooLarge))

	conn.Close()
	fmt.Println(errors.Is(<-served, link.ErrPeerClosed))
	// Output:
	// OK: Hello, World
	// request payload of 101 exceeds the agreed limit of 100 true
	// true
}

// greet serves one client.
func greet(listener link.Listener) error {
	in, err := listener.Accept(context.Background())
	if err != nil {
		return err
	}
	conn, err := in.Handshake(context.Background(), link.Settings{})
	if err != nil {
		return err
	}
	defer conn.Close()
	var request link.Message
	for {
		if err := conn.Recv(&request, nil); err != nil {
			return err
		}
		answer := fmt.Appendf(nil, "Hello, %s", request.Payload)
		payload, err := conn.Reserve(len(answer))
		if err != nil {
			return err
		}
		copy(payload, answer)
		head := request.Header
		head.Kind = wire.KindResponse
		if err := conn.Commit(head, len(payload), nil); err != nil {
			return err
		}
	}
}

// The whole negotiation is one function of what both sides bring.
func ExampleNegotiate() {
	server := link.Settings{RequestPayload: 4096, AuthToken: 7}.WithDefaults(wire.ProfileBaseline, 65536)
	for _, p := range []link.Proposal{
		{RequestPayload: 1000, Packet: 1 << 20, AuthToken: 7},
		{RequestPayload: 8192, AuthToken: 7},
		{},
	} {
		hello, err := link.ParseHello(link.AppendHello(nil, p.WithDefaults(wire.ProfileBaseline, 4096)))
		if err != nil {
			fmt.Println(err)
			return
		}
		ack, status := link.Negotiate(hello, server)
		fmt.Println(status, ack.Selected, ack.MaxRequestPayload, ack.MaxResponsePayload, ack.PacketSize)
	}
	// Output:
	// OK baseline 1000 65536 65536
	// LIMIT_EXCEEDED none 0 0 0
	// AUTH_FAILED none 0 0 0
}
