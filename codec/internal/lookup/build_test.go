package lookup

import (
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
)

// begun is a building for three keys whose shortest items take shortest3 bytes.
func begun(t *testing.T, budget int) *Build {
	t.Helper()
	var b Build
	if err := b.Begin("test", make([]byte, 1024), nil, budget, 3, rounded3, 33); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestBuild(t *testing.T) {
	b := begun(t, 1024)
	b.SetGeneration(7)
	for i, size := range shortest3 {
		if next := b.Answered(); next != i || !b.Wants() {
			t.Fatalf("item %d is next, not %d: %v", next, i, b.Err())
		}
		b.Shortest(size)
	}
	n, err := b.Finish("test", func(int) { t.Error("a key without an answer") })
	if n != least3 || err != nil || len(b.Bytes()) != n || b.Err() != nil {
		t.Errorf("%d bytes, want %d: %v", n, least3, err)
	}
	b.SetGeneration(8)
	if b.Bytes() != nil {
		t.Error("a payload of the generation before")
	}
	var where *codec.Error
	if err := b.Refuse(); b.Wants() || !errors.Is(err, codec.ErrBadCount) || !errors.As(err, &where) || where.Item != 3 || where.Layout != "test" {
		t.Errorf("a fourth key: %v", err)
	}
	if _, again := b.Finish("test", nil); again != b.Err() || again == nil {
		t.Errorf("after an error: %v, want the same", again)
	}
}

// What has no room is answered by Finish, and nothing else is.
func TestBuildFull(t *testing.T) {
	b := begun(t, least3)
	b.Shortest(shortest3[0])
	if _, err := b.Finish("test", nil); !errors.Is(err, codec.ErrBadCount) {
		t.Errorf("keys without an answer: %v", err)
	}
	b = begun(t, least3)
	b.Shortest(shortest3[0])
	if _, fate := b.Known(100, shortest3[1]); fate != Exceeded {
		t.Fatalf("fate %d", fate)
	}
	var rest []int
	n, err := b.Finish("test", func(i int) {
		rest = append(rest, i)
		b.Shortest(shortest3[i])
	})
	if n != least3 || err != nil || len(rest) != 1 || rest[0] != 2 {
		t.Errorf("%d bytes, keys %v: %v", n, rest, err)
	}
}

func TestBuildFails(t *testing.T) {
	b := begun(t, 1024)
	first := b.Fail("field", codec.ErrBadLayout)
	if !errors.Is(first, codec.ErrBadLayout) || b.FailAt(2, "other", codec.ErrOverflow) != first || b.Bytes() != nil {
		t.Errorf("%v", first)
	}
	if err := b.Refuse(); b.Wants() || err != first {
		t.Errorf("%v, want the first error", err)
	}
	if err := b.Begin("test", nil, nil, 10, 3, rounded3, 33); !errors.Is(err, codec.ErrOverflow) || b.Err() != err {
		t.Errorf("no room: %v", err)
	}
	var zero Build
	if _, err := zero.Finish("test", nil); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("never begun: %v", err)
	}
}

func TestInstead(t *testing.T) {
	for fate, want := range map[Fate]string{Fits: "as it is", Oversized: "too large", Exceeded: "no room"} {
		if got := Instead(fate, "as it is", "too large", "no room"); got != want {
			t.Errorf("fate %d is %s, want %s", fate, got, want)
		}
	}
}

func TestNameOf(t *testing.T) {
	for n, want := range map[uint16]string{0: "a", 1: "b", 2: "thing 2", 65535: "thing 65535"} {
		if got := NameOf([]string{"a", "b"}, "thing", n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
