package lookup

import (
	"fmt"
	"slices"
	"testing"
)

// listOf packs items into a list.
func listOf(t *testing.T, items ...string) List {
	t.Helper()
	size := PackedStart(len(items))
	for _, it := range items {
		size = (size+7)&^7 + uint64(len(it))
	}
	p := NewPacker(make([]byte, size), len(items))
	for _, it := range items {
		copy(p.Place(uint64(len(it))), it)
	}
	l, _, err := OpenResponse("test", p.b[:p.Header(1)], func([]byte) bool { return true }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestStore(t *testing.T) {
	var s Store
	one, two := listOf(t, "first", "second", "third"), listOf(t, "other")
	for _, again := range []bool{false, true} {
		allocated := testing.AllocsPerRun(1, func() {
			s.Begin(3, 0)
			text, start := s.Text(0, one, 1, 3)
			if off, end := one.Span(1); start != off || text[:end-off] != "second" || text[len(text)-5:] != "third" {
				t.Errorf("%q from %d", text, start)
			}
			if text, start := s.Text(1, two, 0, 1); text != "other" || start != 0 {
				t.Errorf("%q from %d", text, start)
			}
			if text, _ := s.Text(2, one, 2, 2); text != "" {
				t.Errorf("%q of no items", text)
			}
		})
		if again && allocated > 0 {
			t.Errorf("%v allocations for what was there", allocated)
		}
	}
	s.Begin(1, 0)
	if all := s.texts[:3]; all[0] == "" || all[1] != "" || all[2] != "" {
		t.Errorf("of %q only the first is needed", all)
	}
}

func TestStoreLabels(t *testing.T) {
	var s Store
	labels := []Label{{"key", "value"}, {"other", ""}}
	b := item(t, labels)
	s.Begin(0, 4)
	l := LabelsOf(b, fixed, len(labels))
	first, none, second := s.Add(l, string(b)), s.Add(Labels{}, ""), s.Add(l, string(b))
	if !slices.Equal(first, labels) || none != nil || !slices.Equal(second, labels) || cap(first) != 2 {
		t.Errorf("%v, %v, %v", first, none, second)
	}
	s.Begin(0, 1)
	if s.Add(l, string(b)); !slices.Equal(s.labels[2:4], make([]Label, 2)) {
		t.Errorf("labels that nobody needs: %v", s.labels[:4])
	}
}

func TestResize(t *testing.T) {
	items := Resize([]string{"a", "b", "c"}, 1)
	if len(items) != 1 || fmt.Sprint(items[:3]) != "[a  ]" {
		t.Errorf("%q", items[:3])
	}
	if items = Resize(items, 9); len(items) != 9 {
		t.Errorf("%d items", len(items))
	}
}
