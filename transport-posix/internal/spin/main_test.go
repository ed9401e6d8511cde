package spin

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

func TestMain(m *testing.M) { linktest.Main(m) }
