//go:build linux || freebsd

package posix

import (
	"syscall"
	"testing"
)

// Descriptors that a peer sends along are not ours to keep.
func TestSentDescriptorsAreDropped(t *testing.T) {
	client, server := packetPair(t)
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pipe[0])
	for range 10 {
		err := client.control(func(fd int) error {
			return syscall.Sendmsg(fd, []byte("with a descriptor"), syscall.UnixRights(pipe[1], pipe[1]), nil, 0)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	syscall.Close(pipe[1]) // those left are in the packets
	for range 9 {
		if out, _, err := server.ReadPacket(nil, 100, patience()); err != nil || string(out) != "with a descriptor" {
			t.Fatalf("%q, %v", out, err)
		}
	}
	server.Close() // drains the last
	var b [1]byte
	if n, err := syscall.Read(pipe[0], b[:]); n != 0 || err != nil {
		t.Errorf("read: %d, %v; want the end, because nobody has the other end of the pipe", n, err)
	}
}
