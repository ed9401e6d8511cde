package linktest

import (
	"context"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var errorTests = []subtest{
	{"ClientsHandshake", anywhere, errorsOfDial},
	{"ServersHandshake", anywhere, errorsOfHandshake},
	{"Receive", anywhere, func(t *testing.T, h Harness) { errorsOf(t, h, receiving()) }},
	{"ReceiveBetweenChunks", packets, func(t *testing.T, h Harness) { errorsOf(t, h, receivingMore()) }},
	{"Send", deep, func(t *testing.T, h Harness) { errorsOf(t, h, sending()) }},
	{"SendBetweenChunks", packets, func(t *testing.T, h Harness) { errorsOf(t, h, sendingMore()) }},
	{"BrokenWhileReceiving", resets, brokenReceiving},
	{"BrokenWhileSending", deep | resets, brokenSending},
}

// How a wait ends. Each has an error of its own (spec 02, 08), and no error is two of them.
const (
	byDeadline   = "deadline"
	byCancel     = "cancelled"
	byAbort      = "aborted"
	byClose      = "closed"
	byPeer       = "peer closed"
	byViolation  = "violation"
	byRefusal    = "refused"
	byOtherWords = "not a HELLO"
)

// errorsOfDial: the server has accepted and says nothing, until the dialing ends in each way.
func errorsOfDial(t *testing.T, h Harness) {
	if h.RawServer == nil {
		t.Skip("the harness makes no raw servers")
	}
	for _, how := range []string{byDeadline, byCancel, byPeer, byViolation, byRefusal} {
		t.Run(how, func(t *testing.T) {
			accept, d := h.RawServer(t)
			ctx, cancel := context.WithCancel(patiently(t))
			defer cancel()
			if how == byDeadline {
				ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
			}
			result := dial(ctx, t, d, h.ofMedium(h.Proposal))
			r := accept()
			if how != byDeadline { // else the client may have left before it said anything
				if _, err := r.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			switch how {
			case byCancel:
				cancel()
			case byPeer:
				r.Close()
			case byViolation:
				feed(t, r, [][]byte{message(response(request(1)), random(48))})
			case byRefusal:
				feed(t, r, [][]byte{link.AppendRefusal(nil, wire.StatusAuthFailed)})
			}
			err := Await(t, "Dial", result).err
			switch how {
			case byDeadline:
				wantExpired(t, "dial", err)
			case byCancel:
				wantOnly(t, "dial", err, context.Canceled)
			case byPeer:
				wantGone(t, "dial", err)
			case byViolation:
				wantOnly(t, "dial", err, link.ErrProtocol)
			case byRefusal:
				wantOnly(t, "dial", err, link.ErrRefused)
			}
		})
	}
}

// errorsOfHandshake: the client has connected and says nothing, until the handshake ends in each way.
func errorsOfHandshake(t *testing.T, h Harness) {
	for _, how := range []string{byDeadline, byCancel, byPeer, byOtherWords, byRefusal} {
		t.Run(how, func(t *testing.T) {
			l, _ := h.New(t)
			r, in := silent(t, h, l)
			ctx, cancel := context.WithCancel(patiently(t))
			defer cancel()
			if how == byDeadline {
				ctx, cancel = context.WithTimeout(ctx, 2*time.Millisecond)
				defer cancel()
			}
			shook := going(t, func() error { _, err := in.Handshake(ctx, h.Settings); return err })
			switch how {
			case byCancel:
				cancel()
			case byPeer:
				r.Close()
			case byOtherWords:
				feed(t, r, [][]byte{random(44)})
			case byRefusal:
				feed(t, r, [][]byte{message(request(1), random(44))})
			}
			err := Await(t, "Handshake", shook)
			switch how {
			case byDeadline:
				wantExpired(t, "handshake", err)
			case byCancel:
				wantOnly(t, "handshake", err, context.Canceled)
			case byPeer:
				wantGone(t, "handshake", err)
			case byOtherWords:
				wantOnly(t, "handshake", err, link.ErrNotHello)
			case byRefusal:
				wantRefused(t, "handshake", err, wire.StatusBadEnvelope)
			}
			if how != byPeer { // the connection is closed
				for err = nil; err == nil; {
					_, err = r.Recv()
				}
				wantGone(t, "the client", err)
			}
		})
	}
}
