package lookup

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
)

// fixed is where the other strings of the items of these tests end.
const fixed = 13

// item returns an item whose other strings are all x.
func item(t *testing.T, labels []Label) []byte {
	t.Helper()
	b := []byte(strings.Repeat("x", int(EndWithLabels(fixed, labels))))
	if !PutLabels(b, fixed, labels) {
		t.Fatal("there is no NUL inside these labels")
	}
	return b
}

func TestLabels(t *testing.T) {
	for _, labels := range [][]Label{
		nil,
		{{"k", ""}},
		{{"key", "value"}, {"key", "another"}, {strings.Repeat("long", 100), ""}},
	} {
		b := item(t, labels)
		if field, err := CheckLabels(b, fixed, len(labels)); err != nil {
			t.Errorf("%v: %s: %v", labels, field, err)
		}
		l := LabelsOf(b, fixed, len(labels))
		if l.Len() != len(labels) {
			t.Errorf("%d labels of %v", l.Len(), labels)
		}
		if got := l.AppendTo([]Label{{"first", ""}}, string(b)); !slices.Equal(got[1:], labels) || got[0].Key != "first" {
			t.Errorf("%v, want %v", got, labels)
		}
		for i, want := range labels {
			k, kEnd, v, vEnd := l.Spans(i)
			if key, value := l.Bytes(k, kEnd), l.Bytes(v, vEnd); string(key) != want.Key || string(value) != want.Value || cap(key) != len(key) {
				t.Errorf("label %d is %q: %q, want %v", i, key, value, want)
			}
		}
		if field, err := ShapeOf(labels); err != nil || HaveNUL(labels) {
			t.Errorf("%v: %s: %v", labels, field, err)
		}
	}
}

// Any other byte or length than what was written is refused, or is another label.
func TestCheckLabelsByte(t *testing.T) {
	labels := []Label{{"key", "value"}, {"k", ""}}
	good := item(t, labels)
	for at := fixed; at < len(good); at++ {
		for _, c := range []byte{0, 1, 4, 0x7f, 0xff} {
			b := slices.Clone(good)
			b[at] = c
			_, err := CheckLabels(b, fixed, 2)
			text := at >= 48 && at < 51 || at >= 52 && at < 57 || at == 58
			if want := b[at] == good[at] || text && c != 0; (err == nil) != want {
				t.Errorf("byte %d is %d: %v", at, c, err)
			}
		}
	}
	for n := range len(good) {
		if _, err := CheckLabels(good[:n], min(fixed, uint64(n)), 2); err == nil {
			t.Errorf("%d of %d bytes were accepted", n, len(good))
		}
	}
	for count := range 10 {
		if _, err := CheckLabels(good, fixed, count); (err == nil) != (count == 2) {
			t.Errorf("2 labels read as %d: %v", count, err)
		}
	}
	if _, err := CheckLabels(append(good, 0), fixed, 2); !errors.Is(err, codec.ErrBadLayout) {
		t.Errorf("a byte more: %v", err)
	}
}

func TestLabelsThatMayNotBe(t *testing.T) {
	for _, c := range []struct {
		name   string
		labels []Label
		want   error
	}{
		{"no key", []Label{{"k", "v"}, {"", "v"}}, codec.ErrBadLayout},
		{"too many", slices.Repeat([]Label{{"k", "v"}}, math.MaxUint16+1), codec.ErrBadCount},
		{"as many as can be", slices.Repeat([]Label{{"k", "v"}}, math.MaxUint16), nil},
	} {
		if _, err := ShapeOf(c.labels); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if field, err := CheckLabels(item(t, []Label{{"", "v"}}), fixed, 1); !errors.Is(err, codec.ErrBadLayout) || field != "label key_length" {
		t.Errorf("no key, received: %s: %v", field, err)
	}
	for _, labels := range [][]Label{{{"k\x00", "v"}}, {{"k", "v"}, {"k", "\x00"}}} {
		b := make([]byte, EndWithLabels(fixed, labels))
		if PutLabels(b, fixed, labels) || !HaveNUL(labels) {
			t.Errorf("a NUL inside %q was not seen", labels)
		}
		if _, err := CheckLabels(b, fixed, len(labels)); !errors.Is(err, codec.ErrInteriorNUL) {
			t.Errorf("received: %v", err)
		}
	}
}

func TestOrchestratorNames(t *testing.T) {
	for i, want := range []string{"unknown", "systemd", "docker", "k8s", "kvm", "lxc", "podman", "nspawn", "orchestrator 8"} {
		if got := Orchestrator(i).String(); got != want {
			t.Errorf("%d is %q, want %q", i, got, want)
		}
	}
	if got := Orchestrator(65535).String(); got != "orchestrator 65535" || OrchestratorNspawn != 7 {
		t.Errorf("65535 is %q, nspawn %d", got, OrchestratorNspawn)
	}
}
