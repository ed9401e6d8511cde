package shm

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
)

func TestMain(m *testing.M) {
	proctest.Play(roles)
	linktest.Main(m)
}

// roles are what a second process can do; the files that need one add theirs.
var roles = map[string]func(){}
