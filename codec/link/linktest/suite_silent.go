package linktest

import (
	"context"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// silent connects a client that says nothing, and accepts it.
func silent(t *testing.T, h Harness, l link.Listener) (Raw, link.Incoming) {
	t.Helper()
	if h.Raw == nil {
		t.Skip("the harness makes no raw clients")
	}
	r := h.Raw(t, l)
	in, err := l.Accept(patiently(t))
	if err != nil {
		t.Fatal(err)
	}
	return r, in
}

func silentClientLimit(t *testing.T, h Harness) {
	if h.NewLimited == nil {
		t.Skip("the harness does not limit handshakes")
	}
	l, _ := h.NewLimited(t, 2*time.Millisecond)
	r, in := silent(t, h, l)
	_, err := in.Handshake(context.Background(), h.Settings)
	wantOnly(t, "handshake", err, link.ErrTimeout)
	if b, err := r.Recv(); err == nil {
		t.Errorf("the silent client was told %x", b)
	}
	_, in = silent(t, h, l)
	wantOnly(t, "refuse", in.Refuse(context.Background(), wire.StatusInternalError), link.ErrTimeout)
}

func silentClientContext(t *testing.T, h Harness) {
	l, _ := h.New(t)
	_, in := silent(t, h, l)
	ctx, cancel := context.WithCancel(patiently(t))
	shook := going(t, func() error { _, err := in.Handshake(ctx, h.Settings); return err })
	cancel()
	wantOnly(t, "handshake", Await(t, "Handshake", shook), context.Canceled)

	_, in = silent(t, h, l)
	ctx, cancel = context.WithTimeout(patiently(t), 2*time.Millisecond)
	defer cancel()
	_, err := in.Handshake(ctx, h.Settings)
	wantExpired(t, "handshake", err)
}

func silentClientBeside(t *testing.T, h Harness) {
	l, d := h.New(t)
	r, in := silent(t, h, l)
	shook := going(t, func() error { _, err := in.Handshake(patiently(t), h.Settings); return err })
	client, server := connect(t, l, d, h.Proposal, h.Settings)
	pair{client: client, server: server}.works(t, 1)
	r.Close()
	wantGone(t, "handshake", Await(t, "Handshake", shook))
}

func clientLeaves(t *testing.T, h Harness) {
	l, _ := h.New(t)
	r, in := silent(t, h, l)
	r.Close()
	_, err := in.Handshake(patiently(t), h.Settings)
	wantGone(t, "handshake", err)
}
