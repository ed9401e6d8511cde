package wire_test

import (
	"errors"
	"fmt"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// A message is a header and a payload, in one buffer.
func Example() {
	payload := []byte("12345678")
	msg := make([]byte, wire.HeaderSize+len(payload))
	h := wire.Header{
		Kind:       wire.KindRequest,
		Code:       uint16(codec.MethodIncrement),
		PayloadLen: uint32(len(payload)),
		ItemCount:  1,
		MessageID:  7,
	}
	h.Put(msg)
	copy(msg[wire.HeaderSize:], payload)

	got, err := wire.DecodeHeader(msg)
	fmt.Println(got.Kind, codec.Method(got.Code), got.PayloadLen, got.MessageID, err)

	_, err = wire.DecodeHeader(msg[:20])
	fmt.Println(err, errors.Is(err, codec.ErrTruncated))
	// Output:
	// REQUEST INCREMENT 8 7 <nil>
	// header: truncated true
}

// A handler writes each item of a batch straight into the buffer that will be sent.
func ExampleBatchBuilder() {
	buf := make([]byte, 64)
	var b wire.BatchBuilder
	if err := b.Reset(buf, 3); err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []string{"one", "two"} {
		room, err := b.Next()
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := b.Done(copy(room, s)); err != nil {
			fmt.Println(err)
			return
		}
	}
	payload := buf[:b.Finish()]

	v, err := wire.DecodeBatch(payload, uint32(b.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, item := range v.All() {
		fmt.Printf("%d %s\n", i, item)
	}
	fmt.Println(len(payload), "bytes")
	// Output:
	// 0 one
	// 1 two
	// 32 bytes
}
