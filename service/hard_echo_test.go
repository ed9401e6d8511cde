//go:build linux || freebsd

package service_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/service"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// randomBytes returns n bytes that depend on seed alone, the first of which is none that blobs refuses.
func randomBytes(n int, seed uint64) []byte {
	b := make([]byte, n)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	rand.NewChaCha8(key).Read(b)
	b[0] = 1
	return b
}

// largeProposal is for requests and answers of n bytes.
func largeProposal(n uint32) service.Config {
	return service.Config{
		Proposal:          link.Proposal{RequestPayload: n, ResponsePayload: n},
		MaxRequestPayload: n, MaxResponsePayload: n,
	}
}

// Requests and answers that fit no buffer meet in both directions of one session, and in kernel buffers that hold
// next to nothing: nobody waits for somebody who waits for him.
func TestHardEchoesThroughTinyBuffers(t *testing.T) {
	const callers, size, packet, buffer = 64, 1 << 20, 4096, 8 << 10
	for _, clients := range []int{1, 8} {
		t.Run(fmt.Sprintf("clients=%d", clients), func(t *testing.T) {
			r := newHost(t, posix.ListenConfig{Packet: packet, SendBuffer: buffer},
				service.ServerConfig{MaxRequestPayload: size, MaxResponsePayload: size}, echo)
			var all []*blobClient
			for range clients {
				all = append(all, ready(t, service.NewClient[[]byte, []byte, blobMethod](r.dialer(t, packet, buffer), largeProposal(size))))
			}
			results := make(chan error, callers)
			for i := range callers {
				go func() { results <- echoes(all[i%clients], randomBytes(size, uint64(i)), few(2, 10)) }()
			}
			for range callers {
				if err := linktest.Await(t, "a caller", results); err != nil {
					t.Error(err)
				}
			}
			for _, c := range all {
				if st := c.Status(); st.Reconnects != 0 || st.Retries != 0 {
					t.Errorf("a session was lost: %+v", st)
				}
			}
		})
	}
}

// echoes calls again and again, within the client's default timeout each time.
func echoes(c *blobClient, want []byte, rounds int) error {
	for range rounds {
		err := c.Call(context.Background(), want, func(got []byte) error {
			if !bytes.Equal(got, want) {
				return fmt.Errorf("%d bytes came back, not those that were sent", len(got))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// The same with messages up to 64 MiB in packets of the default size.
func TestHardLargeEchoes(t *testing.T) {
	for _, size := range []int{1 << 20, 8 << 20, 64 << 20} {
		t.Run(fmt.Sprintf("%d MiB", size>>20), func(t *testing.T) {
			most := uint32(size)
			r := newHost(t, posix.ListenConfig{}, service.ServerConfig{MaxRequestPayload: most, MaxResponsePayload: most}, echo)
			c := ready(t, service.NewClient[[]byte, []byte, blobMethod](r.dialer(t, 0, 0), largeProposal(most)))
			if err := echoes(c, randomBytes(size, 1), 2); err != nil {
				t.Error(err)
			}
		})
	}
}
