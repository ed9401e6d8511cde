package lookup_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/applookup"
)

// What a provider says that cannot be true ends the call with an error that says so, and the session (spec 15-w); dst
// is what it was, and the next call is served by another session.
func TestWrongAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		want     error
		keys     int
		provider provider
	}{
		"generation grows": {applookup.ErrGeneration, 200, func(n int, pids []uint32) payload.Response {
			r := items(pids, all(payload.StatusUnknown))
			r.Generation = uint64(n)
			return r
		}},
		"generation shrinks in the last part": {applookup.ErrGeneration, 20, func(n int, pids []uint32) payload.Response {
			r := items(pids, all(payload.StatusUnknown))
			if pids[len(pids)-1] == 1019 {
				r.Generation = 0
			}
			return r
		}},
		"another key": {applookup.ErrEcho, 3, func(_ int, pids []uint32) payload.Response {
			r := items(pids, all(payload.StatusKnown))
			r.Items[1].PID++
			return r
		}},
		"two keys in the wrong order": {applookup.ErrEcho, 200, func(_ int, pids []uint32) payload.Response {
			r := items(pids, all(payload.StatusUnknown))
			n := len(r.Items)
			r.Items[n-1], r.Items[n-2] = r.Items[n-2], r.Items[n-1]
			return r
		}},
		"another key that is to be asked for again": {applookup.ErrEcho, 3, func(_ int, pids []uint32) payload.Response {
			r := items(pids, func(i int) payload.Status { return payload.Status(i) })
			r.Items[2].PID++
			return r
		}},
		"one item too many": {applookup.ErrEcho, 3, func(_ int, pids []uint32) payload.Response {
			return items(append(pids, 9), all(payload.StatusKnown))
		}},
		"one item too few": {applookup.ErrEcho, 3, func(_ int, pids []uint32) payload.Response {
			return items(pids[1:], all(payload.StatusKnown))
		}},
		"an item for nothing": {applookup.ErrEcho, 0, func(int, []uint32) payload.Response {
			return items([]uint32{9}, all(payload.StatusKnown))
		}},
		"never any room": {applookup.ErrNoProgress, 3, func(_ int, pids []uint32) payload.Response {
			return items(pids, all(payload.StatusPayloadExceeded))
		}},
		"never any room for one": {applookup.ErrNoProgress, 1, func(_ int, pids []uint32) payload.Response {
			return items(pids, all(payload.StatusPayloadExceeded))
		}},
		"too large, and no room when alone": {applookup.ErrNoProgress, 3, func(_ int, pids []uint32) payload.Response {
			return items(pids, func(i int) payload.Status {
				if i == 0 && len(pids) > 1 {
					return payload.StatusOversizedItem
				}
				return payload.StatusPayloadExceeded
			})
		}},
	} {
		for _, depth := range depths {
			t.Run(fmt.Sprintf("%s, depth %d", name, depth), func(t *testing.T) {
				r := newRig(t, limits{request: 1 << 10, response: 1 << 10, depth: depth}, applookup.Ceilings{}, c.provider)
				dst := items(numbered(2), all(payload.StatusKnown))
				before, _ := r.Session()
				err := r.Get(t.Context(), numbered(c.keys), &dst)
				var op *link.OpError
				if !errors.Is(err, c.want) || !errors.As(err, &op) {
					t.Errorf("%v, want %v of an endpoint", err, c.want)
				}
				if malformed := errors.Is(err, service.ErrMalformed); malformed == (c.want == applookup.ErrGeneration) {
					t.Errorf("%v: ErrMalformed: %v", err, malformed)
				}
				if !dst.Equal(items(numbered(2), all(payload.StatusKnown))) {
					t.Error("dst has changed")
				}
				if len(r.asked()) > 60 {
					t.Errorf("%d requests", len(r.asked()))
				}
				if _, err := r.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				if after, ok := r.Session(); !ok || after.SessionID == before.SessionID {
					t.Errorf("session %d goes on after what it said", before.SessionID)
				}
			})
		}
	}
}

// Items that came back PAYLOAD_EXCEEDED are asked for again, and no others, wherever they are.
func TestGaps(t *testing.T) {
	const keys = 9
	for _, gaps := range []string{"_________", "___x_____", "x________", "xx_xx_xx_", "_xxxxxxxx", "x_x_x_x_x", "________x"} {
		for _, depth := range depths {
			t.Run(fmt.Sprintf("%s, depth %d", gaps, depth), func(t *testing.T) {
				seen := map[uint32]int{}
				r := newRig(t, limits{request: 1 << 10, response: 1 << 20, depth: depth}, applookup.Ceilings{}, func(_ int, pids []uint32) payload.Response {
					return items(pids, func(i int) payload.Status {
						seen[pids[i]]++
						if gaps[pids[i]-1000] == 'x' && seen[pids[i]] == 1 {
							return payload.StatusPayloadExceeded
						}
						return payload.StatusKnown
					})
				})
				var got payload.Response
				if err := r.Get(t.Context(), numbered(keys), &got); err != nil {
					t.Fatal(err)
				}
				if want := items(numbered(keys), all(payload.StatusKnown)); !got.Equal(want) {
					t.Errorf("got %+v", got.Items)
				}
				for pid, n := range seen {
					// Of gaps that are no suffix, what is asked for ahead is a guess.
					if want := 1 + strings.Count(gaps[pid-1000:pid-999], "x"); n != want && !(depth == 1 && strings.Contains(gaps, "x_")) {
						t.Errorf("key %d was asked for %d times, want %d: %v", pid, n, want, r.asked())
					}
				}
			})
		}
	}
}

// The first of several keys that is said to be too large is asked for again alone, and believed then (spec 15-x); any
// other is believed at once.
func TestOversized(t *testing.T) {
	for name, c := range map[string]struct {
		large map[uint32]bool // even alone
		rest  payload.Status  // of the other keys of a request whose first is too large
		asked [][]uint32
	}{
		"not alone":             {map[uint32]bool{}, payload.StatusKnown, [][]uint32{{1000, 1001, 1002}, {1000}}},
		"alone too":             {map[uint32]bool{1000: true}, payload.StatusKnown, [][]uint32{{1000, 1001, 1002}, {1000}}},
		"and nothing else fits": {map[uint32]bool{}, payload.StatusPayloadExceeded, [][]uint32{{1000, 1001, 1002}, {1000}, {1001, 1002}, {1001}, {1002}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, limits{request: 1 << 10, response: 1 << 20}, applookup.Ceilings{}, func(_ int, pids []uint32) payload.Response {
				return items(pids, func(i int) payload.Status {
					switch {
					case i == 0 && (len(pids) > 1 || c.large[pids[0]]):
						return payload.StatusOversizedItem
					case i > 0:
						return c.rest
					}
					return payload.StatusKnown
				})
			})
			var got payload.Response
			if err := r.Get(t.Context(), numbered(3), &got); err != nil {
				t.Fatal(err)
			}
			for i, it := range got.Items {
				want := item(1000+uint32(i), payload.StatusKnown)
				if c.large[it.PID] {
					want = item(it.PID, payload.StatusOversizedItem)
				}
				if !it.Equal(want) {
					t.Errorf("item %d is %+v, want %+v", i, it, want)
				}
			}
			if !slices.EqualFunc(r.asked(), c.asked, slices.Equal) {
				t.Errorf("asked for %v, want %v", r.asked(), c.asked)
			}
		})
	}
	r := newRig(t, limits{request: 1 << 10, response: 1 << 20}, applookup.Ceilings{}, func(_ int, pids []uint32) payload.Response {
		return items(pids, func(i int) payload.Status { return payload.Status(i) })
	})
	var got payload.Response
	err := r.Get(t.Context(), []uint32{5, 6, 7, 8}, &got)
	if err != nil || got.Items[3].Status != payload.StatusOversizedItem || fmt.Sprint(r.asked()) != "[[5 6 7 8] [7]]" {
		t.Errorf("asked for %v: %v, %v", r.asked(), got.Items, err)
	}
}

// A provider that answers one key of each request is patience, up to a ceiling; the error names it and how far the call
// has come. The session goes on.
func TestCeilings(t *testing.T) {
	slow := func(_ int, pids []uint32) payload.Response {
		return items(pids, func(i int) payload.Status {
			if i == 0 {
				return payload.StatusKnown
			}
			return payload.StatusPayloadExceeded
		})
	}
	for name, c := range map[string]struct {
		keys     int
		ceilings applookup.Ceilings
		want     applookup.CeilingError
	}{
		"keys":                            {11, applookup.Ceilings{Keys: 10}, applookup.CeilingError{Ceiling: "Keys", Limit: 10, Keys: 11}},
		"keys, if nothing is configured":  {65537, applookup.Ceilings{}, applookup.CeilingError{Ceiling: "Keys", Limit: 65536, Keys: 65537}},
		"calls":                           {10, applookup.Ceilings{Calls: 7}, applookup.CeilingError{Ceiling: "Calls", Limit: 7, Keys: 10, Answered: 7, Calls: 7, Bytes: 7 * 80}},
		"calls, if nothing is configured": {5000, applookup.Ceilings{}, applookup.CeilingError{Ceiling: "Calls", Limit: 4096, Keys: 5000, Answered: 4096, Calls: 4096, Bytes: 4096 * 80}},
		"bytes":                           {10, applookup.Ceilings{Bytes: 300}, applookup.CeilingError{Ceiling: "Bytes", Limit: 300, Keys: 10, Answered: 4, Calls: 4, Bytes: 320}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, limits{request: 1 << 10, response: 1 << 20}, c.ceilings, slow)
			err := r.View(t.Context(), numbered(c.keys), func(applookup.AnswerView) error {
				t.Error("there is an answer")
				return nil
			})
			var ceiling *applookup.CeilingError
			if !errors.Is(err, applookup.ErrCeiling) || !errors.As(err, &ceiling) || *ceiling != c.want {
				t.Errorf("%v, want %+v", err, c.want)
			}
			for _, word := range []string{c.want.Ceiling, fmt.Sprint(c.want.Limit), fmt.Sprint(c.want.Answered)} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
			before, _ := r.Session()
			if err := r.View(t.Context(), numbered(1), func(applookup.AnswerView) error { return nil }); err != nil {
				t.Error(err)
			}
			if after, _ := r.Session(); after.SessionID != before.SessionID {
				t.Error("the session has ended")
			}
		})
	}
	// What is exactly at the ceilings is answered.
	r := newRig(t, limits{request: 1 << 10, response: 1 << 20}, applookup.Ceilings{Keys: 10, Calls: 10, Bytes: 800}, slow)
	if err := r.View(t.Context(), numbered(10), func(applookup.AnswerView) error { return nil }); err != nil {
		t.Error(err)
	}
}
