// A program that has messages of its own, and wants a session.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

func main() {
	dir, err := os.MkdirTemp("", "netipc")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, where := context.Background(), posix.Config{RunDir: dir, Service: "greeter"}
	listener, err := posix.Listen(ctx, posix.ListenConfig{Config: where})
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener) }()

	dialer, err := posix.NewDialer(posix.DialConfig{Config: where})
	if err != nil {
		log.Fatal(err)
	}
	session, err := dialer.Dial(ctx, link.Proposal{})
	if err != nil {
		log.Fatal(err)
	}
	if err := send(session, wire.Header{Kind: wire.KindRequest, Code: 0x8000, ItemCount: 1, MessageID: 1}, "world"); err != nil {
		log.Fatal(err)
	}
	var m link.Message
	if err := session.Recv(&m, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(m.Payload))
	fmt.Println(session.Close(), <-served)
}

// serve answers one request.
func serve(ctx context.Context, l link.Listener) error {
	incoming, err := l.Accept(ctx)
	if err != nil {
		return err
	}
	session, err := incoming.Handshake(ctx, link.Settings{SessionID: 1})
	if err != nil {
		return err
	}
	defer session.Close()
	var m link.Message
	if err := session.Recv(&m, nil); err != nil {
		return err
	}
	head := m.Header
	head.Kind = wire.KindResponse
	return send(session, head, "hello, "+string(m.Payload))
}

func send(c link.Conn, h wire.Header, text string) error {
	b, err := c.Reserve(len(text))
	if err != nil {
		return err
	}
	return c.Commit(h, copy(b, text), nil)
}
