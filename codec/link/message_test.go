package link_test

import (
	"bytes"
	"testing"

	"github.com/plugin-ipc/netipc/codec/internal/invariants"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

func held(payload string) (*link.Message, []byte) {
	h := wire.Header{Kind: wire.KindRequest, PayloadLen: uint32(len(payload)), ItemCount: 1}
	buf := append(encode(h), payload...)
	m := new(link.Message)
	m.Set(h, buf)
	return m, buf
}

func TestMessageSetAndBuffer(t *testing.T) {
	m, buf := held("abc")
	if string(m.Payload) != "abc" || cap(m.Payload) != 3 || m.Header.PayloadLen != 3 {
		t.Errorf("%+v, payload %q with capacity %d", m.Header, m.Payload, cap(m.Payload))
	}
	got := m.Buffer()
	if len(got) != 0 || cap(got) != cap(buf) || m.Payload != nil || m.Header != (wire.Header{}) {
		t.Errorf("buffer of %d bytes, capacity %d; left %+v", len(got), cap(got), m)
	}
	if b := new(link.Message).Buffer(); len(b) != 0 {
		t.Errorf("the zero message has %d bytes", len(b))
	}
}

func TestMessageSwap(t *testing.T) {
	a, _ := held("one")
	b, _ := held("three")
	a.Swap(b)
	if string(a.Payload) != "three" || string(b.Payload) != "one" || a.Header.PayloadLen != 5 {
		t.Errorf("%q and %q", a.Payload, b.Payload)
	}
}

// Who keeps a payload beyond its life reads rubbish in test builds, and must not count on it in others.
func TestMessageRelease(t *testing.T) {
	for name, end := range map[string]func(*link.Message){
		"Release": (*link.Message).Release,
		"Buffer":  func(m *link.Message) { m.Buffer() },
	} {
		m, _ := held("abc")
		kept := m.Payload
		end(m)
		if m.Payload != nil {
			t.Errorf("after %s the payload is still there", name)
		}
		if invariants.Enabled && !bytes.Equal(kept, []byte{0xdb, 0xdb, 0xdb}) {
			t.Errorf("after %s whoever kept the payload still reads %q", name, kept)
		}
		m.Release()
	}
}

// So does who keeps the buffer of a Reserve.
func TestReservedBufferIsPoisoned(t *testing.T) {
	if !invariants.Enabled {
		t.Skip("only builds with netipc_invariants overwrite dead buffers")
	}
	for name, end := range map[string]func(link.Conn) error{
		"Commit": func(c link.Conn) error { return c.Commit(wire.Header{Kind: wire.KindRequest, ItemCount: 1}, 3, nil) },
		"Cancel": func(c link.Conn) error { c.Cancel(); return nil },
		"growth": func(c link.Conn) error { _, err := c.Reserve(10000); return err },
	} {
		s := link.NewClientSession(&fake{}, fakeInfo)
		b, err := s.Reserve(3)
		if err != nil {
			t.Fatal(err)
		}
		copy(b, "abc")
		if err := end(s); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, []byte{0xdb, 0xdb, 0xdb}) {
			t.Errorf("after %s whoever kept the buffer still reads %q", name, b)
		}
	}
}
