package service_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

// say sends an answer with a header of the test's own.
func say(conn link.Conn, h wire.Header, payload []byte) error {
	h.Kind = wire.KindResponse
	buf, err := conn.Reserve(len(payload))
	if err != nil {
		return err
	}
	copy(buf, payload)
	return conn.Commit(h, len(payload), nil)
}

// numbersOf returns a batch payload of numbers.
func numbersOf(numbers ...uint64) []byte {
	var b wire.BatchBuilder
	buf := make([]byte, wire.BatchSize(len(numbers), 8))
	if b.Reset(buf, len(numbers)) != nil {
		panic("unreachable")
	}
	for _, n := range numbers {
		var item [8]byte
		binary.NativeEndian.PutUint64(item[:], n)
		if b.Add(item[:]) != nil {
			panic("unreachable")
		}
	}
	return buf[:b.Finish()]
}

// TestHeadersOfAnswers: what becomes of an answer whose header is not quite that of the request (spec 01, 15-q).
func TestHeadersOfAnswers(t *testing.T) {
	number := func(v uint64) []byte { return binary.NativeEndian.AppendUint64(nil, v) }
	for name, tc := range map[string]struct {
		h       wire.Header
		payload []byte
		want    uint64 // 0: malformed
	}{
		"plain":                     {wire.Header{ItemCount: 1}, number(42), 42},
		"no items":                  {wire.Header{ItemCount: 0}, number(42), 42},
		"items without BATCH":       {wire.Header{ItemCount: 4}, number(42), 42},
		"unknown flag":              {wire.Header{Flags: 0x8000, ItemCount: 1}, number(42), 42},
		"trailing bytes":            {wire.Header{ItemCount: 1}, append(number(42), 1), 42},
		"a batch of one":            {wire.Header{Flags: wire.FlagBatch, ItemCount: 1}, numbersOf(42), 42},
		"a batch of one, no number": {wire.Header{Flags: wire.FlagBatch, ItemCount: 1}, number(0), 0},
		"a batch of two":            {wire.Header{Flags: wire.FlagBatch, ItemCount: 2}, numbersOf(42, 43), 0},
		"short":                     {wire.Header{ItemCount: 1}, number(42)[:7], 0},
		"other code":                {wire.Header{Code: 2, ItemCount: 1}, number(42), 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := stage{serve: func(n int, conn link.Conn) {
				var m link.Message
				for conn.Recv(&m, nil) == nil {
					h := tc.h
					h.MessageID = m.Header.MessageID
					if h.Code == 0 {
						h.Code = m.Header.Code
					}
					if say(conn, h, tc.payload) != nil {
						return
					}
				}
			}}.open(t, service.Config{Proposal: link.Proposal{RequestItems: 4}}, nil)
			connect(t, c)
			got, err := call(t.Context(), c, 41)
			if tc.want == 0 {
				if !errors.Is(err, service.ErrMalformed) || c.Status().State != service.StateBroken {
					t.Errorf("%d, %v, %v", got, err, c.Status().State)
				}
			} else if err != nil || got != tc.want {
				t.Errorf("%d, %v", got, err)
			}
			settled(t, c)
		})
	}
}

// TestAnswerNobodyAskedFor ends the session, and costs each caller one resend.
func TestAnswerNobodyAskedFor(t *testing.T) {
	for name, ids := range map[string]func(id uint64) []uint64{
		"unknown": func(id uint64) []uint64 { return []uint64{id + 1000} },
		"zero":    func(uint64) []uint64 { return []uint64{0} },
		"twice":   func(id uint64) []uint64 { return []uint64{id, id} },
	} {
		t.Run(name, func(t *testing.T) {
			c := stage{serve: func(n int, conn link.Conn) {
				var m link.Message
				if n == 0 && conn.Recv(&m, nil) == nil {
					addOne(m.Payload)
					for _, id := range ids(m.Header.MessageID) {
						m.Header.MessageID = id
						say(conn, m.Header, m.Payload)
					}
				}
				increment(nil, conn)
			}}.open(t, service.Config{}, nil)
			connect(t, c)
			for v := range uint64(3) {
				if got, err := call(t.Context(), c, v); err != nil || got != v+1 {
					t.Errorf("%d, %v", got, err)
				}
			}
			if st := c.Status(); st.Connects != 2 || st.Retries != 1 || !errors.Is(st.LastError, link.ErrProtocol) {
				t.Errorf("status %+v", st)
			}
			settled(t, c)
		})
	}
}

// seen counts requests by their number.
type seen struct {
	sync.Mutex
	n map[uint64]int
}

func (s *seen) note(v uint64) {
	s.Lock()
	defer s.Unlock()
	if s.n == nil {
		s.n = map[uint64]int{}
	}
	s.n[v]++
}

func (s *seen) times(v uint64) int {
	s.Lock()
	defer s.Unlock()
	return s.n[v]
}

// TestProviderClosesAfterAnswering: answers that were sent before the session ended are received, whatever the
// other callers find out meanwhile.
func TestProviderClosesAfterAnswering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests seen
		hold, held := make(chan struct{}), false
		tap := &tapped{conn: func(conn link.Conn) link.Conn {
			if held {
				return conn
			}
			held = true
			return &slowReader{conn, hold}
		}}
		c, p := newTapped(t, service.Config{}, tap, func(p *provider, conn link.Conn) {
			first := p.sessions.Load() == 1
			var m link.Message
			for i := 0; conn.Recv(&m, nil) == nil; {
				requests.note(binary.NativeEndian.Uint64(m.Payload))
				addOne(m.Payload)
				answer(conn, m.Header, wire.StatusOK, m.Payload)
				if i++; first && i == 3 {
					return
				}
			}
		})
		connect(t, c)
		var calls []<-chan result
		for v := range uint64(8) { // three are answered; then one cannot send, and then the others neither
			calls = append(calls, begin(t.Context(), c, v))
			synctest.Wait()
		}
		close(hold)
		for v, done := range calls {
			wantAnswer(t, fmt.Sprint("call ", v), done, uint64(v)+1)
			if n := requests.times(uint64(v)); n != 1 {
				t.Errorf("request %d was read %d times", v, n)
			}
		}
		if n := p.sessions.Load(); n != 2 {
			t.Errorf("%d sessions", n)
		}
		synctest.Wait()
		settled(t, c)
		if c.Sessions() != 1 {
			t.Errorf("%d sessions live", c.Sessions())
		}
	})
}

// slowReader is a session that receives nothing until it may.
type slowReader struct {
	link.Conn
	hold chan struct{}
}

func (s *slowReader) Recv(m *link.Message, d *link.Deadline) error {
	<-s.hold
	return s.Conn.Recv(m, d)
}

// rawProvider plays a provider packet by packet, after the handshake. One session.
func rawProvider(t *testing.T, packet uint32, play func(r linktest.Raw)) *numberClient {
	net := linktest.NewNetwork()
	accept := net.RawServer(t, "number", linktest.ListenConfig{Buffer: 4})
	var wg sync.WaitGroup
	wg.Go(func() {
		r := accept()
		packetOfHello, err := r.Recv()
		if err != nil {
			t.Error(err)
			return
		}
		hello, err := link.ParseHello(packetOfHello)
		if err != nil {
			t.Error(err)
			return
		}
		settings := link.Settings{RequestPayload: 1 << 14, ResponsePayload: 1 << 14}
		ack, _ := link.Negotiate(hello, settings.WithDefaults(wire.ProfileBaseline, packet))
		r.Send(link.AppendAck(nil, ack))
		play(r)
	})
	c := service.NewClient[uint64, uint64, number](net.Dialer("number"), service.Config{
		Proposal: link.Proposal{RequestItems: 512, RequestPayload: 1 << 14},
	})
	t.Cleanup(func() { c.Close(); wg.Wait() })
	connect(t, c)
	return c
}

// head reads a packet that begins a message.
func head(t *testing.T, r linktest.Raw) (wire.Header, []byte) {
	b, err := r.Recv()
	if err != nil {
		t.Error(err)
		return wire.Header{}, nil
	}
	h, err := wire.DecodeHeader(b)
	if err != nil {
		t.Error(err)
	}
	return h, b[wire.HeaderSize:]
}

// reply sends an answer in packets of the given size.
func reply(r linktest.Raw, h wire.Header, payload []byte, packet uint32) {
	h.Kind, h.PayloadLen = wire.KindResponse, uint32(len(payload))
	msg := make([]byte, wire.HeaderSize, wire.HeaderSize+len(payload))
	h.Put(msg)
	msg = append(msg, payload...)
	var split link.Splitter
	split.Start(msg, h.MessageID, packet)
	for p := split.Next(); p != nil; p = split.Next() {
		r.Send(p)
	}
}

// TestRefusedBeforeTheRequestIsWhole: the provider has seen enough, says so and closes. The caller learns why.
func TestRefusedBeforeTheRequestIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := rawProvider(t, 64, func(r linktest.Raw) {
			h, _ := head(t, r)
			h.Flags, h.ItemCount, h.Status = 0, 1, wire.StatusUnsupported
			reply(r, h, nil, 64)
			r.Close()
		})
		var status *service.StatusError
		if err := c.CallBatch(t.Context(), make([]uint64, 300), ignore); !errors.As(err, &status) || status.Status != wire.StatusUnsupported {
			t.Errorf("got %v", err)
		}
		settled(t, c)
	})
}

// TestAnsweredBeforeTheRequestIsWhole: an answer of many packets comes while its request is being sent and
// somebody else reads.
func TestAnsweredBeforeTheRequestIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const items = 300
		c := rawProvider(t, 64, func(r linktest.Raw) {
			other, number := head(t, r)
			h, _ := head(t, r)
			all := make([]uint64, items)
			for i := range all {
				all[i] = uint64(i)
			}
			reply(r, h, numbersOf(all...), 64)
			for rest := h.PayloadLen - 32; rest > 0; rest -= min(rest, 32) {
				if _, err := r.Recv(); err != nil {
					t.Error(err)
					return
				}
			}
			addOne(number)
			reply(r, other, number, 64)
		})
		reads := begin(t.Context(), c, 1)
		synctest.Wait()
		n := 0
		err := c.CallBatch(t.Context(), make([]uint64, items), func(i int, v uint64) error {
			n++
			if v != uint64(i) {
				t.Errorf("item %d: %d", i, v)
			}
			return nil
		})
		if err != nil || n != items {
			t.Errorf("%d answers, %v", n, err)
		}
		wantAnswer(t, "the one who read", reads, 2)
		synctest.Wait()
		settled(t, c)
	})
}

// exact is a method whose requests and answers have exactly the size that is asked for.
type exact struct{}

type exactRequest struct{ in, out int }

func (exact) Code() codec.Method             { return codec.MethodUser + 8 }
func (exact) RequestSize(r exactRequest) int { return r.in }
func (exact) EncodeRequest(dst []byte, r exactRequest) (int, error) {
	clear(dst)
	binary.NativeEndian.PutUint64(dst, uint64(r.out))
	return r.in, nil
}
func (exact) DecodeResponse(b []byte) (int, error) { return len(b), nil }

// TestSizesAtTheLimit: what fits exactly needs no other session, and one byte more needs one.
func TestSizesAtTheLimit(t *testing.T) {
	var mu sync.Mutex
	ceiling := 1024
	net := linktest.NewNetwork()
	l, err := net.Listen("exact", linktest.ListenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			in, err := l.Accept(context.Background())
			if err != nil {
				return
			}
			wg.Go(func() {
				mu.Lock()
				s := link.Settings{RequestPayload: 4096, ResponsePayload: uint32(ceiling)}
				mu.Unlock()
				conn, err := in.Handshake(context.Background(), s)
				if err != nil {
					return
				}
				defer conn.Close()
				var m link.Message
				for conn.Recv(&m, nil) == nil {
					n := int(binary.NativeEndian.Uint64(m.Payload))
					if n > int(s.ResponsePayload) {
						mu.Lock()
						ceiling = min(2*ceiling, 4096)
						mu.Unlock()
						answer(conn, m.Header, wire.StatusLimitExceeded, nil)
						return
					}
					if answer(conn, m.Header, wire.StatusOK, make([]byte, n)) != nil {
						return
					}
				}
			})
		}
	})
	c := service.NewClient[exactRequest, int, exact](net.Dialer("exact"), service.Config{MaxResponsePayload: 4096})
	defer wg.Wait()
	defer l.Close()
	defer c.Close()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	one := func(in, out int) error {
		return c.Call(t.Context(), exactRequest{in, out}, func(n int) error {
			if n != out {
				return fmt.Errorf("%d bytes", n)
			}
			return nil
		})
	}
	for _, tc := range []struct {
		in, out  int
		connects uint64
	}{
		{1023, 1023, 1}, {1024, 1024, 1}, {1025, 8, 2}, {2048, 8, 2}, {8, 1025, 3}, {8, 2048, 3}, {2049, 2049, 5}, {4096, 4096, 5},
	} {
		if err := one(tc.in, tc.out); err != nil {
			t.Fatalf("%+v: %v", tc, err)
		}
		if st := c.Status(); st.Connects != tc.connects {
			t.Fatalf("%+v: %d sessions", tc, st.Connects)
		}
	}
	var growth *service.GrowthError
	if err := one(4097, 8); !errors.As(err, &growth) || growth.Ceiling != 0 || growth.Agreed != 4096 {
		t.Errorf("a request beyond the provider's maximum: %v", err)
	}
	if err := one(8, 8); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if err := one(1<<20+1, 8); !errors.As(err, &growth) || growth.Ceiling != 1<<20 {
		t.Errorf("a request beyond the client's ceiling: %v", err)
	}
	if err := one(8, 4097); !errors.As(err, &growth) || growth.Ceiling != 4096 || growth.Agreed != 4096 {
		t.Errorf("an answer beyond the client's ceiling: %v", err)
	}
}
