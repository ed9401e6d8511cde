package posix

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

// A packet costs no allocation in either direction, with or without a deadline, whether it fits into the
// buffer or has to go through a pooled one.
func TestPacketsAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget on purpose")
	}
	client, server := packetPair(t)
	for _, size := range []int{32, 4096, 100_000} {
		packet := make([]byte, size)
		buf := make([]byte, 0, size)
		for _, room := range []int{size, 1 << 20} {
			for _, deadline := range []link.Deadline{0, link.Within(1 << 40), link.Deadline(link.Now() + 1<<40)} {
				var d link.Deadline
				n := testing.AllocsPerRun(100, func() {
					d = deadline
					if err := client.WritePacket(packet, &d); err != nil {
						t.Fatal(err)
					}
					if out, _, err := server.ReadPacket(buf, room, &d); err != nil || len(out) != size {
						t.Fatal(len(out), err)
					}
				})
				if n != 0 {
					t.Errorf("packet of %d bytes, room %d, deadline %d: %v allocations, want 0", size, room, deadline, n)
				}
			}
		}
	}
}

// The same through sessions whose server is another goroutine, so that each side has to wait.
func TestEchoAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget on purpose")
	}
	client, server := sessionPair(t, link.Proposal{RequestPayload: 1 << 20}, link.Settings{ResponsePayload: 1 << 20})
	done := make(chan error, 1)
	go func() { done <- echo(server) }()
	var m link.Message
	var d link.Deadline
	for _, size := range []int{0, 1000, 500_000} {
		payload := string(pattern(size))
		trip := func() {
			d = link.Within(1 << 40)
			if err := call(client, 1, payload, &m, &d); err != nil || len(m.Payload) != size {
				t.Fatal(len(m.Payload), err)
			}
		}
		for range 20 {
			trip()
		}
		if n := testing.AllocsPerRun(100, trip); n != 0 {
			t.Errorf("payload of %d bytes: %v allocations a round trip, want 0", size, n)
		}
	}
	client.Close()
	<-done
}
