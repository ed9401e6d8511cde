package service_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
)

func TestServerAnswersInOrder(t *testing.T) {
	var seen []uint64 // one session, so one goroutine
	r := newRig(t, service.ServerConfig{}, func(_ context.Context, req []byte, out *blob) error {
		seen = append(seen, binary.NativeEndian.Uint64(req))
		return out.put(req)
	})
	c := r.mustDial(link.Proposal{})
	const n = 64
	sent := make(chan error, 1)
	go func() {
		for i := range uint64(n) {
			if err := sendBlob(c, blobRequest(i), binary.NativeEndian.AppendUint64(nil, i*3)); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for i := range uint64(n) {
		h, p, err := hear(c)
		if err != nil || h.MessageID != i || binary.NativeEndian.Uint64(p) != i*3 {
			t.Fatalf("answer %d: %+v %x, %v", i, h, p, err)
		}
	}
	if err := linktest.Await(t, "the sender", sent); err != nil {
		t.Fatal(err)
	}
	for i, v := range seen {
		if v != uint64(i)*3 {
			t.Fatalf("request %d was handled as number %d", v/3, i)
		}
	}
}

// What a plain request says beside its payload does not matter (spec 15-q, 01 "Headers of answers").
func TestServerIgnoresWhatDoesNotMatter(t *testing.T) {
	r := newRig(t, service.ServerConfig{}, echo)
	c := r.mustDial(link.Proposal{RequestItems: 16})
	for name, change := range map[string]func(*wire.Header){
		"id 0":               func(h *wire.Header) { h.MessageID = 0 },
		"id 1<<63":           func(h *wire.Header) { h.MessageID = 1 << 63 },
		"status":             func(h *wire.Header) { h.Status = 77 },
		"unknown flags":      func(h *wire.Header) { h.Flags = 0xfffe },
		"item count 0":       func(h *wire.Header) { h.ItemCount = 0 },
		"item count 16":      func(h *wire.Header) { h.ItemCount = 16 },
		"nothing out of way": func(*wire.Header) {},
	} {
		req := blobRequest(9)
		change(&req)
		h, p, err := ask(c, req, []byte("x"))
		want := wire.Header{Kind: wire.KindResponse, Code: req.Code, PayloadLen: 1, ItemCount: 1, MessageID: req.MessageID}
		if err != nil || h != want || string(p) != "x" {
			t.Errorf("%s: answer %+v %q, %v, want %+v", name, h, p, err, want)
		}
	}
}

func TestServerWrongMethodKeepsSession(t *testing.T) {
	r := newRig(t, service.ServerConfig{}, echo)
	c := r.mustDial(link.Proposal{RequestItems: 2})
	wantEcho(t, c, 1)
	for _, code := range []uint16{0, 1, uint16(blobCode) + 1, 0xffff} {
		h := blobRequest(2)
		h.Code = code
		wantStatus(t, c, h, []byte{0xff}, wire.StatusUnsupported)
		h.Flags, h.ItemCount = wire.FlagBatch, 2
		wantStatus(t, c, h, batchOf([]byte("a"), []byte("b")), wire.StatusUnsupported)
	}
	wantEcho(t, c, 3)
	if st := r.s.Status(); st.Answers[wire.StatusUnsupported] != 8 || st.Violations != 0 {
		t.Errorf("status %+v", st)
	}
}

// batchOf is the payload of a batch.
func batchOf(items ...[]byte) []byte {
	size := 0
	for _, it := range items {
		size += wire.BatchSize(1, len(it))
	}
	var b wire.BatchBuilder
	buf := make([]byte, size)
	if err := b.Reset(buf, len(items)); err != nil {
		panic(err)
	}
	for _, it := range items {
		if err := b.Add(it); err != nil {
			panic(err)
		}
	}
	return buf[:b.Finish()]
}

func TestServerBatch(t *testing.T) {
	// An item is answered with n copies of itself, n being its first byte.
	r := newRig(t, service.ServerConfig{MaxResponsePayload: 1 << 20}, func(_ context.Context, req []byte, out *blob) error {
		if err := out.put(nil); err != nil { // a builder may begin anew
			return err
		}
		return out.put(bytes.Repeat(req, int(req[0])))
	})
	c := r.mustDial(link.Proposal{RequestPayload: 1 << 16, RequestItems: 300})
	id := uint64(0)
	for _, n := range []int{1, 2, 3, 16, 300} {
		for _, size := range []int{1, 7, 8, 9, 33} {
			for _, times := range []byte{0, 1, 5, 60} {
				var items [][]byte
				for i := range n {
					it := bytes.Repeat([]byte{byte(i)}, size)
					it[0] = times
					if times > 1 {
						it[0] = byte(i) % times // uneven ones
					}
					items = append(items, it)
				}
				id++
				req := blobRequest(id)
				req.Flags, req.ItemCount = wire.FlagBatch|0x80, uint32(n)
				var m link.Message
				if err := sendBlob(c, req, batchOf(items...)); err != nil {
					t.Fatal(err)
				}
				if err := c.Recv(&m, nil); err != nil {
					t.Fatal(err)
				}
				want := wire.Header{Kind: wire.KindResponse, Flags: wire.FlagBatch, Code: req.Code,
					PayloadLen: m.Header.PayloadLen, ItemCount: uint32(n), MessageID: id}
				if m.Header != want {
					t.Fatalf("%d items: answer %+v, want %+v", n, m.Header, want)
				}
				var answers [][]byte
				for i, it := range m.Batch().All() {
					answers = append(answers, it)
					if want := bytes.Repeat(items[i], int(items[i][0])); !bytes.Equal(it, want) {
						t.Fatalf("%d items of %d: item %d is %d bytes, want %d", n, size, i, len(it), len(want))
					}
				}
				if !bytes.Equal(m.Payload, batchOf(answers...)) {
					t.Fatalf("%d items of %d: the answer is not in canonical form", n, size)
				}
			}
		}
	}
}

// A batch of many items that are larger than expected is not moved once for each of them.
func TestServerBatchGrowsByDoubling(t *testing.T) {
	var w watchedListener
	r := newRigOn(t, linktest.ListenConfig{}, w.wrap, service.ServerConfig{MaxResponsePayload: 1 << 20},
		func(_ context.Context, _ []byte, out *blob) error { return out.put(make([]byte, 200)) })
	c := r.mustDial(link.Proposal{RequestPayload: 1 << 16, RequestItems: 1000})
	req := blobRequest(1)
	req.Flags, req.ItemCount = wire.FlagBatch, 1000
	h, _, err := ask(c, req, batchOf(slices.Repeat([][]byte{{1}}, 1000)...))
	if err != nil || h.Status != wire.StatusOK {
		t.Fatalf("%+v, %v", h, err)
	}
	if n := len(w.sizes()); n > 12 {
		t.Errorf("the buffer was enlarged %d times", n)
	}
}

func TestServerBatchFails(t *testing.T) {
	fails := func(_ context.Context, req []byte, out *blob) error {
		if req[0] == 1 {
			return errors.New("one item fails")
		}
		return out.put(bytes.Repeat(req, 1000))
	}
	for _, c := range []struct {
		name  string
		items [][]byte
		want  wire.Status
	}{
		{"one fails", [][]byte{{0}, {1}, {0}}, wire.StatusInternalError},
		{"one cannot be decoded", [][]byte{{0}, {0}, {0xff}}, wire.StatusBadEnvelope},
		{"answers do not fit together", [][]byte{{0}, {0}, {0}}, wire.StatusLimitExceeded},
		{"directory does not fit", slices.Repeat([][]byte{{0}}, 300), wire.StatusLimitExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, service.ServerConfig{MaxResponsePayload: 2200}, fails)
				conn := r.mustDial(link.Proposal{RequestItems: 1000, RequestPayload: 1 << 16})
				req := blobRequest(5)
				req.Flags, req.ItemCount = wire.FlagBatch, uint32(len(c.items))
				wantStatus(t, conn, req, batchOf(c.items...), c.want)
				wantEnd(t, conn)
				wantAlive(t, r)
			})
		})
	}
}

// wantAlive checks that the server is alive: a new session gets an answer.
func wantAlive(t *testing.T, r *rig) {
	t.Helper()
	c, err := r.dial(link.Proposal{})
	if err != nil {
		t.Fatalf("the server is not alive: %v", err)
	}
	defer c.Close()
	if h, _, err := ask(c, blobRequest(1), []byte{0}); err != nil || h.Status != wire.StatusOK {
		t.Fatalf("the server is not alive: %+v, %v", h, err)
	}
}

func TestServerWithoutBatches(t *testing.T) {
	bubble(t, func(t *testing.T) {
		net := linktest.NewNetwork()
		l, err := net.Listen(rigName, linktest.ListenConfig{})
		if err != nil {
			t.Fatal(err)
		}
		s := service.NewServer[lonelyBlobs](l, service.ServerConfig{}, echo)
		served := make(chan error, 1)
		go func() { served <- s.Serve(t.Context()) }()
		c, err := net.Dialer(rigName).Dial(t.Context(), link.Proposal{RequestItems: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		req := blobRequest(1)
		req.Flags, req.ItemCount = wire.FlagBatch, 2
		wantStatus(t, c, req, batchOf([]byte("a"), []byte("b")), wire.StatusBadEnvelope)
		wantEnd(t, c)
		s.Close()
		if err := linktest.Await(t, "Serve", served); err != nil {
			t.Error(err)
		}
	})
}

// A handler that fails, in whatever way, costs its session and nothing else.
func TestServerHandlerFails(t *testing.T) {
	gone := errors.New("the cgroup is gone")
	for _, c := range []struct {
		name   string
		panics bool
		fail   func(out *blob) error
	}{
		{"error", false, func(*blob) error { return gone }},
		{"error after an answer", false, func(out *blob) error { return errors.Join(out.put([]byte("x")), gone) }},
		{"somebody else's overflow", false, func(*blob) error { return fmt.Errorf("%w: %w", codec.ErrOverflow, &link.LimitError{}) }},
		{"nothing put", false, func(*blob) error { return nil }},
		{"size beyond the buffer", false, func(out *blob) error { out.lie = 1 << 20; return out.put(nil) }},
		{"negative size", false, func(out *blob) error { out.lie = -1; return out.put(nil) }},
		{"panic", true, func(*blob) error { panic("cgroup") }},
		{"panic with an error", true, func(*blob) error { panic(gone) }},
		{"panic with nil", true, func(*blob) error { panic(nil) }},
		{"runtime error", true, func(out *blob) error { _ = out.dst[len(out.dst)]; return nil }},
		{"Goexit", true, func(*blob) error { runtime.Goexit(); return nil }},
	} {
		for _, batch := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/batch=%v", c.name, batch), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					var rec recorder
					r := newRig(t, service.ServerConfig{OnEvent: rec.note, Logger: rec.logger()},
						func(_ context.Context, req []byte, out *blob) error {
							if req[0] == 1 {
								return c.fail(out)
							}
							return out.put(req)
						})
					conn := r.mustDial(link.Proposal{RequestItems: 2})
					req, payload := blobRequest(5), []byte{1}
					if batch {
						req.Flags, req.ItemCount = wire.FlagBatch, 2
						payload = batchOf([]byte{0}, []byte{1})
					}
					wantStatus(t, conn, req, payload, wire.StatusInternalError)
					wantEnd(t, conn)
					r.settled(0)
					wantAlive(t, r)
					st := r.s.Status()
					if st.Answers[wire.StatusInternalError] != 1 || st.Panics != one(c.panics) || st.Requests != 2 || st.Violations != 0 {
						t.Errorf("status %+v", st)
					}
					if got := rec.count(link.EventPanic); got != int(one(c.panics)) {
						t.Errorf("%d panic events", got)
					}
					if c.panics != strings.Contains(rec.text(), "TestServerHandlerFails.func") {
						t.Errorf("stack in the log: %v, want %v", !c.panics, c.panics)
					}
				})
			})
		}
	}
}

func one(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func TestServerPanicEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cause := errors.New("cause")
		var rec recorder
		r := newRig(t, service.ServerConfig{OnEvent: rec.note}, func(context.Context, []byte, *blob) error { panic(cause) })
		c := r.mustDial(link.Proposal{})
		wantStatus(t, c, blobRequest(1), nil, wire.StatusInternalError)
		e := rec.wait(t, link.EventPanic)
		var p *service.PanicError
		if !errors.As(e.Err, &p) || p.Value != cause || !errors.Is(e.Err, cause) || !bytes.Contains(p.Stack, []byte("TestServerPanicEvent")) {
			t.Errorf("event %+v", e)
		}
		if e.Service != rigName || e.Session != 1 || e.Profile != wire.ProfileBaseline || e.When.IsZero() {
			t.Errorf("event %+v", e)
		}
	})
}

// recorder collects events and log lines.
type recorder struct {
	mu     sync.Mutex
	events []link.Event
	log    bytes.Buffer
}

func (r *recorder) note(e link.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// Write implements io.Writer.
func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(b)
}

func (r *recorder) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

func (r *recorder) count(k link.EventKind) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// wait returns the first event of a kind.
func (r *recorder) wait(t testing.TB, k link.EventKind) (e link.Event) {
	t.Helper()
	linktest.Eventually(t, k.String()+" event", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		i := slices.IndexFunc(r.events, func(e link.Event) bool { return e.Kind == k })
		if i >= 0 {
			e = r.events[i]
		}
		return i >= 0
	})
	return e
}
