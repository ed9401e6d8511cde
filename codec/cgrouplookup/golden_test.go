package cgrouplookup_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

// Written down from spec 07. Fields have bytes of their own where the layout lets them, so that a swapped or shifted
// one shows.

const requestText = `
	01 00                    # layout_version
	00 00                    # flags
	02 00 00 00              # item_count
	00 00 00 00  00 00 00 00 # zero

	00 00 00 00  03 00 00 00 # key 0: offset, length, which counts the NUL
	08 00 00 00  06 00 00 00 # key 1

	2f 61 00                 # "/a" NUL
	00 00 00 00 00           # gap
	2f ff c3 a4 01 00        # any bytes but NUL; nothing after them
`

var requestGolden = cgrouplookup.Request{"/a", "/\xff\xc3\xa4\x01"}

const responseText = `
	01 00                    # layout_version
	00 00                    # flags
	02 00 00 00              # item_count
	18 17 16 15 14 13 12 11  # generation

	00 00 00 00  52 00 00 00 # item 0: offset, length
	58 00 00 00  23 00 00 00 # item 1

	01 00                    # item 0: layout_version
	00 00                    # status KNOWN
	22 21                    # orchestrator, one without a name
	00 00                    # zero
	1c 00 00 00              # path_offset
	02 00 00 00              # path_length
	1f 00 00 00              # name_offset
	02 00 00 00              # name_length
	02 00                    # label_count
	00 00                    # zero
	2f 61 00                 # "/a" NUL
	6e 31 00                 # "n1" NUL
	00 00 00 00 00 00        # gap
	48 00 00 00  01 00 00 00 # label 0: key_offset, key_length
	4a 00 00 00  01 00 00 00 #          value_offset, value_length
	4c 00 00 00  04 00 00 00 # label 1
	51 00 00 00  00 00 00 00
	6b 00  76 00             # "k" NUL "v" NUL
	6b 65 79 32 00  00       # "key2" NUL NUL
	00 00 00 00 00 00        # gap

	01 00                    # item 1: layout_version
	02 00                    # status UNKNOWN_PERMANENT
	00 00  00 00             # orchestrator, zero
	1c 00 00 00  05 00 00 00 # path
	22 00 00 00  00 00 00 00 # name
	00 00  00 00             # label_count, zero
	2f ff c3 a4 01 00        # path NUL
	00                       # name NUL; nothing after the last item
`

var responseGolden = cgrouplookup.Response{
	Generation: 0x1112131415161718,
	Items: []cgrouplookup.Item{
		{Orchestrator: 0x2122, Path: "/a", Name: "n1", Labels: []cgrouplookup.Label{{Key: "k", Value: "v"}, {Key: "key2"}}},
		{Status: cgrouplookup.StatusUnknownPermanent, Path: "/\xff\xc3\xa4\x01"},
	},
}

func TestRequestGolden(t *testing.T) {
	want := golden.Bytes(t, requestText)
	if diff := cmp.Diff(want, encodeRequest(t, requestGolden)); diff != "" {
		t.Errorf("encoded (-specified +written):\n%s", diff)
	}
	v, err := cgrouplookup.DecodeRequest(want)
	if err != nil {
		t.Fatal(err)
	}
	var got cgrouplookup.Request
	for i, path := range v.All() {
		if v.Path(i).Compare(path) != 0 {
			t.Errorf("path %d is %q or %q", i, v.Path(i), path)
		}
		got = append(got, path.String())
	}
	if diff := cmp.Diff(requestGolden, got); diff != "" {
		t.Errorf("decoded (-specified +read):\n%s", diff)
	}
	for range v.All() {
		break // is allowed
	}
}

func TestResponseGolden(t *testing.T) {
	want := golden.Bytes(t, responseText)
	for name, encode := range encoders {
		if diff := cmp.Diff(want, encode(t, &responseGolden)); diff != "" {
			t.Errorf("encoded by %s (-specified +written):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(responseGolden, own(t, want), equal); diff != "" {
		t.Errorf("decoded (-specified +read):\n%s", diff)
	}
	v, err := cgrouplookup.DecodeResponse(want)
	if err != nil {
		t.Fatal(err)
	}
	for range v.All() {
		break // is allowed
	}
	labels := v.Item(0).Labels()
	for want, key := range map[string]string{"v": "k", "": "key2"} {
		if value, ok := labels.Get(key); !ok || !value.Equal(want) {
			t.Errorf("label %q is %q, %v", key, value, ok)
		}
	}
	if value, ok := labels.Get("key"); ok || labels.Len() != 2 {
		t.Errorf("a label of %d that is not there is %q", labels.Len(), value)
	}
	for key, value := range labels.All() {
		if !key.Equal("k") || !value.Equal("v") {
			t.Errorf("the first label is %q: %q", key, value)
		}
		break // is allowed
	}
}

// A lookup for nothing is 16 bytes each way.
func TestEmptyGolden(t *testing.T) {
	want := golden.Bytes(t, "01 00 00 00  00 00 00 00  00 00 00 00 00 00 00 00")
	if diff := cmp.Diff(want, encodeRequest(t, nil)); diff != "" {
		t.Errorf("request (-specified +written):\n%s", diff)
	}
	for name, encode := range encoders {
		if diff := cmp.Diff(want, encode(t, &cgrouplookup.Response{})); diff != "" {
			t.Errorf("response by %s (-specified +written):\n%s", name, diff)
		}
	}
}

func TestNames(t *testing.T) {
	for want, got := range map[string]interface{ String() string }{
		"KNOWN":               cgrouplookup.StatusKnown,
		"UNKNOWN_RETRY_LATER": cgrouplookup.StatusUnknownRetryLater,
		"UNKNOWN_PERMANENT":   cgrouplookup.StatusUnknownPermanent,
		"PAYLOAD_EXCEEDED":    cgrouplookup.StatusPayloadExceeded,
		"OVERSIZED_ITEM":      cgrouplookup.StatusOversizedItem,
		"status 5":            cgrouplookup.Status(5),
		"k8s":                 cgrouplookup.OrchestratorK8s,
	} {
		if got.String() != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
