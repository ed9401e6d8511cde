//go:build linux || freebsd

package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	apppayload "github.com/plugin-ipc/netipc/codec/applookup"
	cgrouppayload "github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
	"github.com/plugin-ipc/netipc/service/cgrouplookup"
)

// What recorded lookups need in either role: what the recorded providers knew, and what was asked.

// known is what the recorded provider of a scenario knew, as far as it said so in any recording.
type known struct {
	apps       map[uint32]apppayload.Item
	cgroups    map[string]cgrouppayload.Item
	generation uint64
	step       uint64 // by how much it grows with each answer
}

// tooLarge is longer than any limit of the recorded sessions, in bytes: what the items are that were said to be too
// large, and are recorded nowhere.
const tooLarge = 1 << 17

// knowledge gathers what was said in the recordings of lookups, of which ours counts more, and KNOWN most.
func knowledge(t *testing.T, tr *transcript) *known {
	t.Helper()
	k := &known{apps: map[uint32]apppayload.Item{}, cgroups: map[string]cgrouppayload.Item{}, step: number(t, tr.head.ServerArgs, "gen_step")}
	for _, other := range append([]*transcript{tr}, tr.all...) {
		if other.head.ServerArgs["kind"] != tr.head.ServerArgs["kind"] {
			continue
		}
		for i, m := range other.answers(t) {
			switch tr.head.ServerArgs["kind"] {
			case "al":
				v, err := apppayload.DecodeResponse(m.Payload)
				if err != nil {
					t.Fatal(err)
				}
				for _, it := range v.All() {
					k.learnApp(it.Owned())
				}
				if other == tr && i == 0 {
					k.generation = v.Generation()
				}
			case "cl":
				v, err := cgrouppayload.DecodeResponse(m.Payload)
				if err != nil {
					t.Fatal(err)
				}
				for _, it := range v.All() {
					k.learnCgroup(it.Owned())
				}
				if other == tr && i == 0 {
					k.generation = v.Generation()
				}
			}
		}
	}
	return k
}

func (k *known) learnApp(it apppayload.Item) {
	was, ok := k.apps[it.PID]
	switch {
	case it.Status == apppayload.StatusPayloadExceeded:
		return
	case it.Status == apppayload.StatusOversizedItem:
		it = apppayload.Item{PID: it.PID, Comm: "x", CgroupPath: strings.Repeat("x", tooLarge)}
	}
	if !ok || len(was.CgroupPath) == tooLarge {
		k.apps[it.PID] = it
	}
}

func (k *known) learnCgroup(it cgrouppayload.Item) {
	was, ok := k.cgroups[it.Path]
	switch {
	case it.Status == cgrouppayload.StatusPayloadExceeded:
		return
	case it.Status == cgrouppayload.StatusOversizedItem:
		it = cgrouppayload.Item{Path: it.Path, Name: strings.Repeat("x", tooLarge)}
	}
	if !ok || len(was.Name) == tooLarge {
		k.cgroups[it.Path] = it
	}
}

var errUnrecorded = errors.New("nobody has recorded what is known of this key")

// answerApps and answerCgroups build answer n of a session.
func (k *known) answerApps(n int, req apppayload.RequestView, out *apppayload.Builder) error {
	out.SetGeneration(k.generation + uint64(n)*k.step)
	for _, pid := range req.All() {
		it, ok := k.apps[pid]
		if !ok {
			return errUnrecorded
		}
		if err := out.Add(it); err != nil {
			return err
		}
	}
	return nil
}

func (k *known) answerCgroups(n int, req cgrouppayload.RequestView, out *cgrouppayload.Builder) error {
	out.SetGeneration(k.generation + uint64(n)*k.step)
	for _, path := range req.All() {
		it, ok := k.cgroups[path.String()]
		if !ok {
			return errUnrecorded
		}
		if err := out.Add(it); err != nil {
			return err
		}
	}
	return nil
}

// lookupServers are the managed servers of the recorded lookups.
func (s *replayServer) apps(l link.Listener, k *known) func(context.Context) error {
	n := 0 // there is one session
	server := applookup.NewServer(l, s.cfg, func(_ context.Context, req apppayload.RequestView, out *apppayload.Builder) error {
		n++
		return k.answerApps(n-1, req, out)
	})
	s.status = server.Status
	return server.Serve
}

func (s *replayServer) cgroups(l link.Listener, k *known) func(context.Context) error {
	n := 0
	server := cgrouplookup.NewServer(l, s.cfg, func(_ context.Context, req cgrouppayload.RequestView, out *cgrouppayload.Builder) error {
		n++
		return k.answerCgroups(n-1, req, out)
	})
	s.status = server.Status
	return server.Serve
}

// answers returns the answers of a transcript that have a payload, connection by connection.
func (tr *transcript) answers(t *testing.T) (all []link.Message) {
	t.Helper()
	for _, events := range tr.connections() {
		_, ack := handshake(t, events)
		for _, m := range messages(t, events, "s2c", wire.KindResponse, link.LimitsOf(ack)) {
			if m.Header.Status == wire.StatusOK {
				all = append(all, m)
			}
		}
	}
	return all
}

// didNotFit says whether the recorded server answered a request that it could not answer within its limit.
func (tr *transcript) didNotFit() bool {
	for _, e := range tr.events {
		h, err := wire.DecodeHeader(e.Hex)
		if err == nil && e.Dir == "s2c" && h.Kind == wire.KindResponse && h.Status == wire.StatusLimitExceeded {
			return true
		}
	}
	return false
}

// asked returns the keys that the recorded client was told to ask for, as they were in requests: what is asked for
// again counts once. A connection that replaces another asks for the same.
func (tr *transcript) asked(t *testing.T) (keys []string) {
	t.Helper()
	events := tr.connections()[0]
	_, ack := handshake(t, events)
	for _, m := range messages(t, events, "c2s", wire.KindRequest, link.LimitsOf(ack)) {
		for _, key := range requestKeys(t, m) {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// requestKeys reads the keys of a request.
func requestKeys(t *testing.T, m link.Message) (keys []string) {
	t.Helper()
	if m.Header.Code == uint16(applookup.Method{}.Code()) {
		v, err := apppayload.DecodeRequest(m.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, pid := range v.All() {
			keys = append(keys, fmt.Sprint(pid))
		}
		return keys
	}
	v, err := cgrouppayload.DecodeRequest(m.Payload)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range v.All() {
		keys = append(keys, path.String())
	}
	return keys
}

// byContract plays the recorded provider to a client that asks what was not recorded: of what it knew, it says what
// our own builder says within the limits of the session. That our client asks otherwise is 15-x: it sizes its
// requests by the limits and by the answers so far, and does not believe at once that the first of several items is
// too large.
func (c *conversation) byContract(request []byte) error {
	c.p.mu.Lock()
	c.p.used["x"] = true
	if c.p.excuse == "" {
		c.p.excuse = "x" // where deployed clients try again in another session
	}
	c.p.mu.Unlock()
	c.finished = true
	for buf := make([]byte, 1<<20); ; {
		answer, err := c.lookup(request)
		if err != nil {
			return err
		}
		if _, err := c.conn.Write(answer); err != nil {
			return err
		}
		n, err := c.conn.Read(buf)
		if n == 0 || err != nil {
			return nonTimeout(err)
		}
		request = buf[:n]
	}
}

// isLookup says whether a packet is a whole request of a lookup.
func (c *conversation) isLookup(packet []byte) bool {
	h, err := wire.DecodeHeader(packet)
	return err == nil && c.p.known != nil && h.Kind == wire.KindRequest && int(h.PayloadLen)+wire.HeaderSize == len(packet)
}

// lookup answers a request.
func (c *conversation) lookup(request []byte) (answer []byte, err error) {
	h, err := wire.DecodeHeader(request)
	if err != nil {
		return nil, err
	}
	budget := int(c.ack.MaxResponsePayload)
	answer = make([]byte, wire.HeaderSize+budget)
	n := 0
	switch payload := bytes.Clone(request[wire.HeaderSize:]); c.p.tr.head.ServerArgs["kind"] {
	case "al":
		var out apppayload.Builder
		req, bad := apppayload.DecodeRequest(payload)
		err = errors.Join(bad, out.Reset(answer[wire.HeaderSize:], nil, budget, req), c.p.known.answerApps(c.answered, req, &out))
		if err == nil {
			n, err = out.Finish()
		}
	case "cl":
		var out cgrouppayload.Builder
		req, bad := cgrouppayload.DecodeRequest(payload)
		err = errors.Join(bad, out.Reset(answer[wire.HeaderSize:], nil, budget, req), c.p.known.answerCgroups(c.answered, req, &out))
		if err == nil {
			n, err = out.Finish()
		}
	}
	c.answered++
	h.Kind, h.PayloadLen = wire.KindResponse, uint32(n)
	h.Put(answer)
	return answer[:wire.HeaderSize+n], err
}

// apps and cgroups are the recorded clients of lookups.
func (a *actor) apps(c *applookup.Client) {
	defer c.Close()
	a.connect(c.Control)
	var pids []uint32
	if list := a.args["pids"]; list != "none" {
		for _, n := range numbers(a.t, list) {
			pids = append(pids, uint32(n))
		}
	}
	var got apppayload.Response
	err := c.Get(a.t.Context(), pids, &got)
	var statuses []int
	for i, it := range got.Items {
		statuses = append(statuses, int(it.Status))
		want := a.p.known.apps[pids[i]]
		if it.Status == apppayload.StatusOversizedItem {
			want = apppayload.Item{Status: it.Status, PID: it.PID, UID: apppayload.UIDNotSet}
		}
		if !it.Equal(want) {
			a.t.Errorf("item %d is %+v, recorded %+v", i, it, want)
		}
	}
	a.lookedUp(err, len(pids), got.Generation, statuses)
}

func (a *actor) cgroups(c *cgrouplookup.Client) {
	defer c.Close()
	a.connect(c.Control)
	paths := a.tr.asked(a.t)
	for i, s := range a.left[0].Statuses {
		// The client itself says that a key is too long, which is in no request then.
		if s == int(cgrouppayload.StatusOversizedItem) && len(paths) < len(a.left[0].Statuses) {
			paths = slices.Insert(paths, i, strings.Repeat("/long", 300))
		}
	}
	var got cgrouppayload.Response
	err := c.Get(a.t.Context(), paths, &got)
	var statuses []int
	for i, it := range got.Items {
		statuses = append(statuses, int(it.Status))
		want := a.p.known.cgroups[paths[i]]
		if it.Status == cgrouppayload.StatusOversizedItem {
			want = cgrouppayload.Item{Status: it.Status, Path: it.Path}
		}
		if it.Path != paths[i] || !it.Equal(want) {
			a.t.Errorf("item %d is %+v, recorded %+v", i, it, want)
		}
	}
	a.lookedUp(err, len(paths), got.Generation, statuses)
}

// lookedUp judges a lookup: it must end as recorded, or as a letter says.
func (a *actor) lookedUp(err error, keys int, generation uint64, statuses []int) {
	a.t.Helper()
	r := a.next("apps_lookup", "cgroups_lookup")
	a.p.mu.Lock()
	resized, grew := a.p.used["x"], a.p.used["n"]
	a.p.mu.Unlock()
	st := a.c.Status()
	switch {
	case a.p.known.step > 0:
		// The provider changes the generation with each answer. Deployed clients fail and go on in that session; ours
		// does not (15-w).
		if !errors.Is(err, cgrouplookup.ErrGeneration) || r.ok() {
			a.t.Errorf("%v, want ErrGeneration; recorded %+v", err, r)
		}
		if st.State != service.StateReady || !errors.Is(st.LastError, cgrouplookup.ErrGeneration) {
			a.t.Errorf("state %v, and the session ended over %v", st.State, st.LastError)
		}
		a.p.use("w")
	case err != nil:
		a.t.Errorf("%v; recorded %+v", err, r)
	case !r.ok():
		// What there is to say at least about all of the keys did not fit: deployed clients fail, ours asks for less.
		if !resized || !a.tr.didNotFit() || len(statuses) != keys {
			a.t.Errorf("%d items of %d; nobody knows why the recorded call failed: %+v", len(statuses), keys, r)
		}
	default:
		for i, want := range r.Statuses {
			// An item that is not too large when it is asked for alone (15-x).
			if want != statuses[i] && !(resized && want == int(cgrouppayload.StatusOversizedItem) && statuses[i] == 0) {
				a.t.Errorf("item %d has status %d, recorded %d", i, statuses[i], want)
			}
		}
		if r.Generation == nil || generation != uint64(*r.Generation) || len(statuses) != len(r.Statuses) {
			a.t.Errorf("%d items of generation %d, recorded %+v", len(statuses), generation, r)
		}
		switch {
		case resized: // by as many calls as it took
		case grew: // by one more, which was refused
			*r.Errors++
			fallthrough
		default:
			a.same(r)
		}
	}
}
