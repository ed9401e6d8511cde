// A program that wants to read and write messages, and no transport.
package main

import (
	"fmt"
	"log"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func main() {
	message := make([]byte, wire.HeaderSize+increment.Size)
	n, err := increment.EncodeRequest(message[wire.HeaderSize:], 41)
	if err != nil {
		log.Fatal(err)
	}
	head := wire.Header{Kind: wire.KindRequest, Code: uint16(codec.MethodIncrement), PayloadLen: uint32(n), ItemCount: 1, MessageID: 7}
	head.Put(message)

	got, err := wire.DecodeHeader(message)
	if err != nil {
		log.Fatal(err)
	}
	v, err := increment.DecodeRequest(message[wire.HeaderSize:])
	fmt.Println(got.Kind, codec.Method(got.Code), v, err)

	sent := cgroupsnapshot.Snapshot{Generation: 3, Items: []cgroupsnapshot.Item{{Name: "ssh.service", Enabled: 1}}}
	size, err := sent.Size()
	if err != nil {
		log.Fatal(err)
	}
	payload := make([]byte, size)
	if _, err := sent.Encode(payload); err != nil {
		log.Fatal(err)
	}
	view, err := cgroupsnapshot.DecodeResponse(payload)
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range view.All() {
		fmt.Println(view.Generation(), item.Name())
	}
}
