package explain_test

import (
	"fmt"

	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/tools/internal/explain"
)

func Example() {
	header := wire.Header{Kind: wire.KindRequest, Code: 2, PayloadLen: 4, ItemCount: 1, MessageID: 7}
	packet := make([]byte, wire.HeaderSize)
	header.Put(packet)
	packet = append(packet, 1, 0) // the payload is cut

	e := explain.New()
	e.Add(explain.Input{Bytes: packet})
	report := e.Finish()
	fmt.Println(report.Packets[0].Title)
	fmt.Println(report.Problems[0])
	// Output:
	// REQUEST CGROUPS_SNAPSHOT, message 7, first packet
	// packet 1, offset 16: header: payload_len: is 4: 2 bytes are missing, no packet follows
}
