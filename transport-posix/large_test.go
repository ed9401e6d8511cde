package posix

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

// Messages far beyond any buffer of the kernel go through in packets of the default size, in both directions.
func TestLargeMessages(t *testing.T) {
	for _, size := range []int{1 << 20, 8 << 20, 64 << 20} {
		t.Run(fmt.Sprintf("%d MiB", size>>20), func(t *testing.T) {
			most := uint32(size)
			client, server := sessionPair(t, link.Proposal{RequestPayload: most},
				link.Settings{RequestPayload: most, ResponsePayload: most})
			for what, c := range map[string]link.Conn{"client": client, "server": server} {
				if got := c.Info().Limits.Packet; got >= most || got < link.MinPacket {
					t.Fatalf("%s: packets of %d bytes", what, got)
				}
			}
			ended := make(chan error, 1)
			go func() { ended <- echo(server) }()
			want := pattern(size)
			var m link.Message
			for id := range uint64(2) {
				if err := call(client, id, string(want), &m, patience()); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(m.Payload, want) {
					t.Fatalf("%d bytes came back, not those that were sent", len(m.Payload))
				}
			}
			client.Close()
			<-ended
		})
	}
}
