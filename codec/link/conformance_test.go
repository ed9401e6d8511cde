package link_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// Session keeps the contract of Conn over the pipe in memory.
func TestSessionConformance(t *testing.T) {
	linktest.Run(t, linktest.NetworkHarness(linktest.ListenConfig{Packet: 16 << 10, Buffer: 3}))
}
