package posix

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// A caller's own event loop gets a descriptor that does not block, and keeps it so.
func TestDescriptorForCallersDoesNotBlock(t *testing.T) {
	client, server := packetPair(t)
	server.in.pace = pace{way: blocks, waits: 1 << 30, procs: 2}
	if blocking(t, server) {
		t.Error("a new descriptor is in blocking mode")
	}
	got := reads(server, nil)
	linktest.Eventually(t, "the reader blocks", server.in.loan.blocking.Load)
	if _, err := server.SyscallConn(); err != nil {
		t.Fatal(err)
	}
	if err := client.WritePacket([]byte("x"), patience()); err != nil {
		t.Fatal(err)
	}
	if err := linktest.Await(t, "ReadPacket", got); err != nil {
		t.Fatal(err)
	}
	got = reads(server, nil)
	server.Interrupt(link.SideRecv)
	if err := linktest.Await(t, "ReadPacket", got); !errors.Is(err, link.ErrInterrupted) {
		t.Error(err)
	}
	if blocking(t, server) || server.in.loan.blocking.Load() {
		t.Error("the descriptor is in blocking mode again")
	}
}

// blocking reports the mode that the kernel has.
func blocking(t *testing.T, c *conn) bool {
	t.Helper()
	var text []byte
	if err := c.control(func(fd int) (err error) {
		text, err = os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "flags:"); ok {
			flags, err := strconv.ParseUint(strings.TrimSpace(value), 8, 64)
			if err != nil {
				t.Fatal(err)
			}
			return flags&syscall.O_NONBLOCK == 0
		}
	}
	t.Fatalf("no flags in %s", text)
	return false
}
