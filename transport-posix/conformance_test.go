package posix

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

func TestConformance(t *testing.T) {
	needsSockets(t)
	linktest.Run(t, harness())
}
