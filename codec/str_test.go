package codec_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec"
)

func TestStrView(t *testing.T) {
	b := []byte("name")
	v := codec.MakeStrView(b)
	if v.Len() != 4 || v.String() != "name" || &v.Bytes()[0] != &b[0] {
		t.Errorf("%q, %d bytes, or not the bytes that it was made of", v, v.Len())
	}
	if !v.Equal("name") || v.Equal("nam") || v.Equal("name\x00") {
		t.Error("Equal compares something else than the bytes")
	}
	if got := v.AppendTo([]byte("a ")); string(got) != "a name" {
		t.Errorf("appended: %q", got)
	}
	for other, want := range map[string]int{"name": 0, "nam": 1, "names": -1, "nane": -1, "": 1} {
		if got := v.Compare(codec.MakeStrView([]byte(other))); got != want {
			t.Errorf("compared with %q: %d, want %d", other, got, want)
		}
	}
	kept := v.String()
	copy(b, "done")
	if kept != "name" || !v.Equal("done") {
		t.Errorf("the copy is %q, the view %q", kept, v)
	}
	var zero codec.StrView
	if zero.Len() != 0 || zero.String() != "" || !zero.Equal("") {
		t.Errorf("the zero view is %q", zero)
	}
}

func TestStrViewAllocatesNothing(t *testing.T) {
	v := codec.MakeStrView([]byte("a name that is longer than any buffer on the stack would be"))
	m := map[string]int{v.String(): 1}
	if n := testing.AllocsPerRun(100, func() {
		if v.Equal("name") || v.Compare(v) != 0 || m[string(v.Bytes())] != 1 {
			t.Fatal("wrong result")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
