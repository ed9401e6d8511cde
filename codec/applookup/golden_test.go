package applookup_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/internal/golden"
)

// Written down from spec 07. Fields have bytes of their own where the layout lets them, so that a swapped or shifted
// one shows.

const requestText = `
	01 00                    # layout_version
	00 00                    # flags
	02 00 00 00              # item_count
	00 00 00 00  00 00 00 00 # zero

	00 00 00 00  08 00 00 00 # key 0: offset, length
	08 00 00 00  08 00 00 00 # key 1

	34 33 32 31  00 00 00 00 # pid, zero
	ff ff ff ff  00 00 00 00
`

var requestGolden = applookup.Request{0x31323334, 0xffffffff}

const responseText = `
	01 00                    # layout_version
	00 00                    # flags
	03 00 00 00              # item_count
	18 17 16 15 14 13 12 11  # generation

	00 00 00 00  5c 00 00 00 # item 0: offset, length
	60 00 00 00  40 00 00 00 # item 1
	a0 00 00 00  3f 00 00 00 # item 2

	01 00                    # item 0: layout_version
	00 00                    # status KNOWN
	22 21                    # orchestrator, one without a name
	00 00                    # cgroup_status KNOWN
	34 33 32 31              # pid
	44 43 42 41              # ppid
	54 53 52 51              # uid
	00 00 00 00              # zero
	68 67 66 65 64 63 62 61  # starttime
	3c 00 00 00  04 00 00 00 # comm_offset, comm_length
	41 00 00 00  02 00 00 00 # cgroup_path_offset, cgroup_path_length
	44 00 00 00  01 00 00 00 # cgroup_name_offset, cgroup_name_length
	01 00                    # label_count
	00 00                    # zero
	63 6f 6d 6d 00           # "comm" NUL
	2f 70 00                 # "/p" NUL
	6e 00                    # "n" NUL
	00 00                    # gap
	58 00 00 00  01 00 00 00 # label 0: key_offset, key_length
	5a 00 00 00  01 00 00 00 #          value_offset, value_length
	6b 00  76 00             # "k" NUL "v" NUL
	00 00 00 00              # gap

	01 00                    # item 1: layout_version
	00 00                    # status KNOWN
	00 00                    # orchestrator
	03 00                    # cgroup_status HOST_ROOT
	02 00 00 00              # pid
	00 00 00 00  00 00 00 00  00 00 00 00
	00 00 00 00  00 00 00 00
	3c 00 00 00  01 00 00 00 # comm
	3e 00 00 00  00 00 00 00 # cgroup_path
	3f 00 00 00  00 00 00 00 # cgroup_name
	00 00  00 00             # label_count, zero
	ff 00  00  00            # any byte but NUL, three NULs

	01 00                    # item 2: layout_version
	01 00                    # status UNKNOWN
	00 00  00 00             # orchestrator, cgroup_status
	ff ff ff ff              # pid
	00 00 00 00              # ppid
	ff ff ff ff              # uid, not set
	00 00 00 00              # zero
	00 00 00 00  00 00 00 00 # starttime
	3c 00 00 00  00 00 00 00 # comm
	3d 00 00 00  00 00 00 00 # cgroup_path
	3e 00 00 00  00 00 00 00 # cgroup_name
	00 00  00 00             # label_count, zero
	00  00  00               # nothing after the last item
`

var responseGolden = applookup.Response{
	Generation: 0x1112131415161718,
	Items: []applookup.Item{
		{
			Orchestrator: 0x2122, PID: 0x31323334, PPID: 0x41424344, UID: 0x51525354, StartTime: 0x6162636465666768,
			Comm: "comm", CgroupPath: "/p", CgroupName: "n", Labels: []applookup.Label{{Key: "k", Value: "v"}},
		},
		{CgroupStatus: applookup.CgroupStatusHostRoot, PID: 2, Comm: "\xff"},
		unknown(0xffffffff, applookup.StatusUnknown),
	},
}

func TestRequestGolden(t *testing.T) {
	want := golden.Bytes(t, requestText)
	if diff := cmp.Diff(want, encodeRequest(t, requestGolden)); diff != "" {
		t.Errorf("encoded (-specified +written):\n%s", diff)
	}
	v, err := applookup.DecodeRequest(want)
	if err != nil {
		t.Fatal(err)
	}
	var got applookup.Request
	for i, pid := range v.All() {
		if v.PID(i) != pid {
			t.Errorf("pid %d is %d or %d", i, v.PID(i), pid)
		}
		got = append(got, pid)
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
	v, err := applookup.DecodeResponse(want)
	if err != nil {
		t.Fatal(err)
	}
	for range v.All() {
		break // is allowed
	}
	labels := v.Item(0).Labels()
	if value, ok := labels.Get("k"); !ok || !value.Equal("v") {
		t.Errorf("label k is %q, %v", value, ok)
	}
	if value, ok := labels.Get("key"); ok || labels.Len() != 1 {
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
		if diff := cmp.Diff(want, encode(t, &applookup.Response{})); diff != "" {
			t.Errorf("response by %s (-specified +written):\n%s", name, diff)
		}
	}
}

func TestNames(t *testing.T) {
	for want, got := range map[string]interface{ String() string }{
		"KNOWN":               applookup.StatusKnown,
		"UNKNOWN":             applookup.StatusUnknown,
		"PAYLOAD_EXCEEDED":    applookup.StatusPayloadExceeded,
		"OVERSIZED_ITEM":      applookup.StatusOversizedItem,
		"status 4":            applookup.Status(4),
		"UNKNOWN_RETRY_LATER": applookup.CgroupStatusUnknownRetryLater,
		"UNKNOWN_PERMANENT":   applookup.CgroupStatusUnknownPermanent,
		"HOST_ROOT":           applookup.CgroupStatusHostRoot,
		"cgroup status 4":     applookup.CgroupStatus(4),
		"k8s":                 applookup.OrchestratorK8s,
	} {
		if got.String() != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
