//go:build linux || freebsd

package local_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	snapshotcodec "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
	"github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/stringreverse"
)

// actor does with our client what the recorded one did, and compares what came of it.
type actor struct {
	t    *testing.T
	tr   *transcript
	p    *player
	args map[string]string
	c    service.Control
	left []result // recorded, and not compared yet
}

func act(t *testing.T, tr *transcript, p *player, d link.Dialer) {
	t.Helper()
	args := tr.head.ClientArgs
	a := &actor{t: t, tr: tr, p: p, args: args, left: tr.results}
	hello, _ := mustAck(tr.connections()[0])
	// Where the recorded client was told how many items, that is its ceiling too.
	cfg := service.Config{Proposal: proposalOf(hello), MaxItems: uint32(number(t, args, "items"))}
	switch mode := args["mode"]; mode {
	case "inc":
		a.increments(increment.NewClient(d, cfg))
	case "batch":
		a.batch(increment.NewClient(d, cfg))
	case "strrev":
		a.strings(stringreverse.NewClient(d, cfg))
	case "snapshot":
		a.snapshots(cgroupsnapshot.NewClient(d, cfg))
	case "leave":
		a.leave(increment.NewClient(d, cfg))
	case "pipe":
		actPipeline(t, tr, d, cfg.Proposal)
		return
	case "al":
		a.apps(applookup.NewClient(d, applookup.Config{Config: cfg}))
	case "cl":
		a.cgroups(cgrouplookup.NewClient(d, cgrouplookup.Config{Config: cfg}))
	default:
		t.Fatalf("nobody acts as a client of mode %q", mode)
	}
	if len(a.left) > 0 {
		t.Errorf("%d recorded results were not compared: %+v", len(a.left), a.left)
	}
}

func proposalOf(h wire.Hello) link.Proposal {
	return link.Proposal{
		Supported:       h.Supported,
		Preferred:       h.Preferred,
		RequestPayload:  h.MaxRequestPayload,
		RequestItems:    h.MaxRequestItems,
		ResponsePayload: h.MaxResponsePayload,
		ResponseItems:   h.MaxResponseItems,
		AuthToken:       h.AuthToken,
		Packet:          h.PacketSize,
	}
}

// next returns the recorded result of a call.
func (a *actor) next(calls ...string) result {
	a.t.Helper()
	if len(a.left) == 0 || !slices.Contains(calls, a.left[0].Call) {
		a.t.Fatalf("no result of %v was recorded, but %+v", calls, a.left)
	}
	r := a.left[0]
	a.left = a.left[1:]
	return r
}

// ok says whether the recorded call succeeded.
func (r result) ok() bool { return r.Error == "ok" || r.Send == "ok" && r.Receive == "ok" }

// connect is the recorded client's first step.
func (a *actor) connect(c service.Control) {
	a.t.Helper()
	a.c = c
	r := a.next("refresh", "connect")
	_, err := c.Refresh(a.t.Context())
	if (err == nil) != r.ok() {
		a.t.Fatalf("connecting: %v, recorded %+v", err, r)
	}
	a.same(r)
}

// same compares state and counters with the recorded ones, where the recorded client had any.
func (a *actor) same(r result) {
	a.t.Helper()
	st := a.c.Status()
	if r.State != "" && strings.ToLower(st.State.String()) != r.State {
		a.t.Errorf("state %v, recorded %s (%v)", st.State, r.State, st.LastError)
	}
	if r.Calls != nil && st.Calls != *r.Calls || r.Errors != nil && st.Errors != *r.Errors {
		a.t.Errorf("%d calls and %d errors, recorded %d and %d", st.Calls, st.Errors, *r.Calls, *r.Errors)
	}
}

// outcome judges one call: it must end as recorded, or as a letter says. need is the size of its request. It
// reports whether there is a value to be compared.
func (a *actor) outcome(r result, wasReady bool, need int, err error) bool {
	a.t.Helper()
	st := a.c.Status()
	var status *service.StatusError
	last := a.tr.lastAnswer()
	switch {
	case r.ok():
		if err != nil {
			a.t.Fatalf("%v, recorded %+v", err, r)
		}
		a.same(r)
		return true
	case !wasReady:
		if !errors.Is(err, service.ErrNotReady) {
			a.t.Errorf("%v, want ErrNotReady", err)
		}
		if r.Error != "not_ready" {
			a.p.use("v") // deployed Go clients take it for a bad layout (D20)
		}
		a.same(r)
	case last.Kind == wire.KindResponse && last.Status != wire.StatusOK:
		if !errors.As(err, &status) || status.Status != last.Status {
			a.t.Errorf("%v, want the status %v", err, last.Status)
		}
		switch {
		case last.Status == wire.StatusUnsupported:
			a.p.use("z") // asked once, on a session that goes on
			r.State = "ready"
		case last.IsBatch():
			a.p.use("m") // deployed clients lose the status over the shape of the answer (D5)
		}
		a.same(r)
	default:
		a.tooLarge(r, need, err, st)
		return err == nil
	}
	return false
}

// tooLarge judges a call whose request is larger than what was agreed, and which failed in the recording. Ours
// proposes more, and only that is refused (15-n); it never sends what was not agreed to (15-l).
func (a *actor) tooLarge(r result, need int, err error, st service.Status) {
	a.t.Helper()
	_, ack := mustAck(a.tr.connections()[0])
	if uint64(need) <= uint64(ack.MaxRequestPayload) && r.Send == "" && a.args["mode"] != "batch" {
		a.t.Fatalf("nobody knows why the recorded call failed: %+v", r)
	}
	var growth *service.GrowthError
	switch {
	case st.State != service.StateReady:
		a.t.Errorf("state %v: the old session should have gone on", st.State)
	case a.args["mode"] == "batch": // beyond the client's own ceiling
		if !errors.As(err, &growth) || growth.Ceiling != number(a.t, a.args, "items") {
			a.t.Errorf("%v, want a GrowthError that names the client's ceiling", err)
		}
	case uint64(need) <= uint64(a.p.maxRequest):
		if err != nil {
			a.t.Errorf("%v, but the provider would take %d bytes", err, need)
		}
	case !errors.As(err, &growth) || growth.Agreed != uint64(ack.MaxRequestPayload) || !strings.Contains(err.Error(), fmt.Sprint(need)):
		a.t.Errorf("%v, want a GrowthError that names both limits", err)
	}
}

func (a *actor) increments(c *increment.Client) {
	defer c.Close()
	a.connect(c.Control)
	for _, v := range numbers(a.t, a.args["values"]) {
		ready := c.Ready()
		got, err := c.Call(a.t.Context(), v)
		r := a.next("increment")
		if a.outcome(r, ready, 8, err) && (r.Value == nil || got != uint64(*r.Value)) {
			a.t.Errorf("%d was answered %d, recorded %+v", v, got, r)
		}
	}
}

func (a *actor) batch(c *increment.Client) {
	defer c.Close()
	a.connect(c.Control)
	in := numbers(a.t, a.args["values"])
	out := make([]uint64, len(in))
	err := c.CallBatch(a.t.Context(), in, out)
	if !a.outcome(a.next("batch"), true, wire.BatchSize(len(in), 8), err) {
		return
	}
	for i := range in {
		if out[i] != in[i]+1 {
			a.t.Fatalf("item %d: %d for %d", i, out[i], in[i])
		}
	}
}

func (a *actor) strings(c *stringreverse.Client) {
	defer c.Close()
	a.connect(c.Control)
	for digits := range strings.SplitSeq(a.args["hex"], ",") {
		s := a.text(digits)
		got, err := c.Call(a.t.Context(), string(s))
		r := a.next("string_reverse")
		if !a.outcome(r, true, stringreverse.Method{}.RequestSize(string(s)), err) {
			continue
		}
		if slices.Reverse(s); got != string(s) || r.Len != nil && *r.Len != len(got) {
			a.t.Errorf("%.20q of %d bytes, recorded %+v", got, len(got), r)
		}
	}
}

// text reads one of the strings that were reversed: "-" is the empty one, and long ones were recorded in requests
// alone, of one of the clients of the scenario.
func (a *actor) text(digits string) []byte {
	a.t.Helper()
	if short, cut := strings.CutSuffix(digits, "..."); cut {
		for _, tr := range a.tr.scenario {
			for _, e := range tr.events {
				if i := strings.Index(hex.EncodeToString(e.Hex), short); i >= 0 && e.Dir == "c2s" && i == 2*(wire.HeaderSize+8) {
					return bytes.Clone(e.Hex[wire.HeaderSize+8 : len(e.Hex)-1])
				}
			}
		}
		a.t.Fatal("nobody knows what was asked")
	}
	s, err := hex.DecodeString(strings.TrimPrefix(digits, "-"))
	if err != nil {
		a.t.Fatal(err)
	}
	return s
}

func (a *actor) snapshots(c *cgroupsnapshot.Client) {
	defer c.Close()
	a.connect(c.Control)
	for range max(number(a.t, a.args, "repeat"), 1) {
		ready := c.Ready()
		var s snapshotcodec.Snapshot
		err := c.Get(a.t.Context(), &s)
		r := a.next("snapshot")
		if a.outcome(r, ready, 4, err) && (r.Items == nil || r.Generation == nil || len(s.Items) != *r.Items || s.Generation != uint64(*r.Generation)) {
			a.t.Errorf("%d items of generation %d; recorded %+v", len(s.Items), s.Generation, r)
		}
	}
}

// leave asks, and goes before the answer.
func (a *actor) leave(c *increment.Client) {
	defer c.Close()
	a.connect(c.Control)
	a.next("leave")
	ctx, cancel := context.WithCancel(a.t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := c.Call(ctx, 5)
		failed <- err
	}()
	linktest.Await(a.t, "the request", a.p.heard)
	cancel()
	if err := linktest.Await(a.t, "the end of the call", failed); !errors.Is(err, context.Canceled) {
		a.t.Error(err)
	}
}

// actPipeline works at Level 1, as the recorded clients did: all requests out, then all answers in.
func actPipeline(t *testing.T, tr *transcript, d link.Dialer, p link.Proposal) {
	conn, err := d.Dial(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// What was asked is in the recording, not in the arguments.
	requests := messages(t, tr.connections()[0], "c2s", wire.KindRequest, conn.Info().Limits)
	if depth := number(t, tr.head.ClientArgs, "depth"); uint64(len(requests)) != depth {
		t.Fatalf("%d requests were recorded of %d", len(requests), depth)
	}
	limit := link.Within(patience)
	asked := map[uint64]uint64{}
	for i, r := range requests {
		buf, err := conn.Reserve(len(r.Payload))
		if err != nil {
			t.Fatal(err)
		}
		copy(buf, r.Payload)
		h := r.Header
		h.MessageID = uint64(1000 + i)
		asked[h.MessageID] = binary.NativeEndian.Uint64(r.Payload)
		if err := conn.Commit(h, len(r.Payload), &limit); err != nil {
			t.Fatal(err)
		}
	}
	var m link.Message
	for range requests {
		if err := conn.Recv(&m, &limit); err != nil {
			t.Fatal(err)
		}
		v, ok := asked[m.Header.MessageID]
		if got := binary.NativeEndian.Uint64(m.Payload); !ok || got != v+1 {
			t.Fatalf("answer %d to request %d (%v)", got, v, ok)
		}
		delete(asked, m.Header.MessageID)
	}
}
