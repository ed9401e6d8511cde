package linktest

import (
	"fmt"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
)

// closeMatrix closes either end before, while and after either end receives.
func closeMatrix(t *testing.T, h Harness) {
	for _, receiver := range []string{"client", "server"} {
		for _, by := range []string{"local", "remote"} {
			for _, when := range []string{"before", "during", "after"} {
				t.Run(fmt.Sprintf("%s/%s/%s", receiver, by, when), func(t *testing.T) {
					closeCase(t, h, receiver == "client", by == "local", when)
				})
			}
		}
	}
}

func closeCase(t *testing.T, h Harness, clientReceives, local bool, when string) {
	p := h.open(t, limits{})
	receiver, other := p.server, p.client
	if clientReceives {
		receiver, other = p.client, p.server
		mustSend(t, p.client, request(1), nil)
		mustRecv(t, p.server)
	}
	closer, want := other, link.ErrPeerClosed
	if local {
		closer, want = receiver, link.ErrClosed
	}
	shut := func() {
		if err := closer.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	receive := func() error { return receiver.Recv(new(link.Message), patience()) }
	var err error
	switch when {
	case "before":
		shut()
		err = receive()
	case "during":
		received := going(t, receive)
		shut()
		err = Await(t, "Recv", received)
	case "after":
		head := request(1)
		if clientReceives {
			head = response(head)
		}
		mustSend(t, other, head, []byte{1})
		if !local {
			shut() // what was sent before is delivered
		}
		wantMessage(t, receiver, []byte{1})
		if local {
			shut()
		}
		err = receive()
	}
	wantOnly(t, "receive", err, want)
	wantOnly(t, "receive again", receive(), want)
	if local {
		_, err := receiver.Reserve(1)
		wantOnly(t, "reserve", err, link.ErrClosed)
		wantOnly(t, "commit", receiver.Commit(request(2), 0, patience()), link.ErrClosed)
		receiver.Cancel()
	} else if err := sendUntil(receiver, clientReceives); err != nil {
		wantGone(t, "send", err)
	}
}

// sendUntil sends to a peer that is gone until that shows, which may take a message or, in shared memory, as
// many as there is room for.
func sendUntil(c link.Conn, client bool) error {
	for id := range uint64(1000) {
		head := request(id + 2)
		if !client {
			head = response(head)
		}
		if err := send(c, head, nil, patience()); err != nil {
			return err
		}
	}
	return nil
}
