package applookup_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

// What was cloned or owned does not change when the payload's buffer does.
func TestOwnedOutlivesThePayload(t *testing.T) {
	b := golden.Bytes(t, responseText)
	v, err := applookup.DecodeResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	var r applookup.Response
	v.Clone(&r)
	it := v.Item(0).Owned()
	clear(b)
	if diff := cmp.Diff(responseGolden, r, equal); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(responseGolden.Items[0], it); diff != "" {
		t.Error(diff)
	}

	b = golden.Bytes(t, requestText)
	asked, err := applookup.DecodeRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	var req applookup.Request
	asked.Clone(&req)
	clear(b)
	if diff := cmp.Diff(requestGolden, req); diff != "" {
		t.Error(diff)
	}
}

// Clone into one Response, again and again: longer, shorter, equal, after the owner changed things.
func TestCloneReuses(t *testing.T) {
	var r applookup.Response
	kept := map[string]string{}
	for _, n := range []int{0, 3, 200, 200, 1, 0, 200, 7} {
		want := many(n)
		v, err := applookup.DecodeResponse(encode(t, &want))
		if err != nil {
			t.Fatal(err)
		}
		v.Clone(&r)
		if diff := cmp.Diff(want, r, equal); diff != "" {
			t.Fatalf("%d items: %s", n, diff)
		}
		for _, it := range r.Items[:min(n, 4)] {
			kept[strings.Clone(it.CgroupPath)] = it.CgroupPath
			for _, l := range it.Labels {
				kept[strings.Clone(l.Key)] = l.Key
			}
		}
		for i := range r.Items {
			r.Items[i].Comm = "scribble"
			for k := range r.Items[i].Labels {
				r.Items[i].Labels[k].Value = "scribble"
			}
			r.Items[i].Labels = append(r.Items[i].Labels, applookup.Label{Key: "more"})
		}
		v.Clone(&r)
		if diff := cmp.Diff(want, r, equal); diff != "" {
			t.Fatalf("%d items, after scribbling: %s", n, diff)
		}
	}
	for _, it := range r.Items[:cap(r.Items)][len(r.Items):] {
		if !it.Equal(applookup.Item{}) {
			t.Errorf("what is no longer there is still held: %v", it)
		}
	}
	for want, got := range kept {
		if got != want {
			t.Errorf("a kept string became %q, was %q", got, want)
		}
	}
}

// Another answer of the same size is another answer.
func TestCloneOfTheSameSize(t *testing.T) {
	a, b := many(4), many(4)
	b.Items[2].CgroupPath = "/" + b.Items[2].CgroupPath[:len(b.Items[2].CgroupPath)-1]
	b.Items[3].Labels[1].Value = strings.Repeat("w", len(b.Items[3].Labels[1].Value))
	var r applookup.Response
	for _, want := range []applookup.Response{a, b, a} {
		v, err := applookup.DecodeResponse(encode(t, &want))
		if err != nil {
			t.Fatal(err)
		}
		v.Clone(&r)
		if diff := cmp.Diff(want, r, equal); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEncodeOverflow(t *testing.T) {
	r := responseGolden
	size, err := r.Size()
	if err != nil {
		t.Fatal(err)
	}
	for n := range size {
		if got, err := r.Encode(make([]byte, n)); !errors.Is(err, codec.ErrOverflow) || got != 0 {
			t.Errorf("%d bytes in %d: %d, %v", size, n, got, err)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, change := range []func(r *applookup.Response){
		func(r *applookup.Response) { r.Generation++ },
		func(r *applookup.Response) { r.Items = r.Items[:3] },
		func(r *applookup.Response) { r.Items[1].Status++ },
		func(r *applookup.Response) { r.Items[1].Orchestrator++ },
		func(r *applookup.Response) { r.Items[1].CgroupStatus++ },
		func(r *applookup.Response) { r.Items[1].PID++ },
		func(r *applookup.Response) { r.Items[1].PPID++ },
		func(r *applookup.Response) { r.Items[1].UID++ },
		func(r *applookup.Response) { r.Items[1].StartTime++ },
		func(r *applookup.Response) { r.Items[1].Comm = "x" },
		func(r *applookup.Response) { r.Items[1].CgroupPath = "x" },
		func(r *applookup.Response) { r.Items[1].CgroupName = "x" },
		func(r *applookup.Response) { r.Items[3].Labels[0].Value = "x" },
		func(r *applookup.Response) { r.Items[3].Labels = nil },
	} {
		a, b := many(4), many(4)
		if !a.Equal(b) {
			t.Fatal("equal answers differ")
		}
		if change(&b); a.Equal(b) {
			t.Errorf("%v equals %v", a, b)
		}
	}
}

func TestZeroViews(t *testing.T) {
	var v applookup.ResponseView
	r := many(3)
	v.Clone(&r)
	if diff := cmp.Diff(applookup.Response{}, r, equal); diff != "" || v.Len() != 0 {
		t.Errorf("the zero view is not empty: %s", diff)
	}
	var asked applookup.RequestView
	req := applookup.Request{1}
	asked.Clone(&req)
	if len(req) != 0 || asked.Len() != 0 {
		t.Errorf("the zero view asks for %d", req)
	}
}
