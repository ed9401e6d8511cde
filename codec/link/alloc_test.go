package link_test

import (
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func TestAllocates(t *testing.T) {
	buf := make([]byte, 0, 256)
	hello, ack := goldenHello(t), goldenAck(t)
	table := link.NewInFlight(4)
	msg := append(encode(wire.Header{Kind: wire.KindRequest, PayloadLen: 1000, ItemCount: 1, MessageID: 1}), pattern(1000, 1)...)
	packets := cut(msg, 1, 64)
	tr := &transport{re: link.NewReassembler(wire.KindRequest, wide)}
	var split link.Splitter
	for name, f := range map[string]func() error{
		"AppendHello":   func() error { buf = link.AppendHello(buf[:0], goldenProposal); return nil },
		"AppendAck":     func() error { buf = link.AppendAck(buf[:0], goldenAckValue); return nil },
		"AppendRefusal": func() error { buf = link.AppendRefusal(buf[:0], wire.StatusAuthFailed); return nil },
		"ParseHello":    func() error { _, err := link.ParseHello(hello); return err },
		"ParseAck":      func() error { _, err := link.ParseAck(ack, goldenProposal); return err },
		"Negotiate":     func() error { link.Negotiate(fairHello, fairSettings); return nil },
		"InFlight": func() error {
			err := table.Add(1)
			table.Remove(1)
			return err
		},
		"Check": func() error { _, err := link.Check(msg, wire.KindRequest, wide); return err },
		"Deadline": func() error {
			d := link.Within(time.Hour)
			d.Left()
			return nil
		},
		"Splitter": func() error {
			split.Start(msg, 1, 64)
			for split.Next() != nil {
			}
			(&wire.Header{Kind: wire.KindRequest, PayloadLen: 1000, ItemCount: 1, MessageID: 1}).Put(msg)
			return nil
		},
		"Reassembler": func() error {
			for _, p := range packets {
				b, room := tr.re.Next()
				whole, err := tr.re.Take(append(b, p[:min(room, len(p))]...), len(p))
				if err != nil {
					return err
				}
				if whole {
					tr.re.Move(&tr.m)
				}
			}
			return nil
		},
	} {
		if n := testing.AllocsPerRun(100, func() {
			if err := f(); err != nil {
				t.Fatal(name, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

// Reserving a buffer that has been there before is free.
func TestReserveAllocates(t *testing.T) {
	n := linktest.NewNetwork()
	l, err := n.Listen("x", linktest.ListenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, _ := linktest.Connect(t, l, n.Dialer("x"), link.Proposal{}, link.Settings{})
	if n := testing.AllocsPerRun(100, func() {
		if _, err := client.Reserve(1000); err != nil {
			t.Fatal(err)
		}
		client.Cancel()
	}); n != 0 {
		t.Errorf("%v allocations to reserve and cancel, want 0", n)
	}
}
