package linktest_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

func TestConformance(t *testing.T) {
	linktest.Run(t, linktest.NetworkHarness(linktest.ListenConfig{}))
}

// One packet in each direction is the least that a transport can hold.
func TestConformanceTightest(t *testing.T) {
	linktest.Run(t, linktest.NetworkHarness(linktest.ListenConfig{Buffer: 1, Packet: 4096}))
}
