package room

import (
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
)

var errLimit = errors.New("agreed limit reached")

// upTo returns a Grow that gives at most limit bytes, and a record of what it was asked for.
func upTo(b *Buffer, limit int) (grow codec.Grow, asked *[]int) {
	asked = new([]int)
	return func(n int) ([]byte, error) {
		*asked = append(*asked, n)
		if n > limit {
			return nil, errLimit
		}
		grown := make([]byte, n)
		copy(grown, b.B)
		return grown, nil
	}, asked
}

func TestEnsureDoubles(t *testing.T) {
	var b Buffer
	grow, asked := upTo(&b, 1<<20)
	b = New(make([]byte, 100), grow)
	if err := b.Ensure(101); err != nil {
		t.Fatal(err)
	}
	if len(b.B) != 200 || len(*asked) != 1 {
		t.Errorf("100 bytes enlarged to %d, asked for %v; want 200 at once", len(b.B), *asked)
	}
	if err := b.Ensure(200); err != nil || len(*asked) != 1 {
		t.Errorf("room that is there was asked for again: %v, %v", *asked, err)
	}
}

// A limit anywhere between the need and the double is met, in few steps, and never missed.
func TestEnsureFallsBackToTheExactNeed(t *testing.T) {
	const have, need = 10000, 10001
	for limit := need; limit <= 2*have; limit++ {
		var b Buffer
		grow, asked := upTo(&b, limit)
		b = New(make([]byte, have), grow)
		if err := b.Ensure(need); err != nil {
			t.Fatalf("limit %d: %v", limit, err)
		}
		if len(b.B) < need || len(*asked) > 8 {
			t.Fatalf("limit %d: got %d bytes, asked for %v", limit, len(b.B), *asked)
		}
	}
}

func TestEnsureRefused(t *testing.T) {
	var b Buffer
	grow, asked := upTo(&b, 100)
	b = New(make([]byte, 100), grow)
	before := &b.B[0]
	err := b.Ensure(101)
	if !errors.Is(err, codec.ErrOverflow) || !errors.Is(err, errLimit) {
		t.Errorf("error %v: want one that is both codec.ErrOverflow and Grow's own", err)
	}
	if last := (*asked)[len(*asked)-1]; last != 101 {
		t.Errorf("the last request was for %d bytes, want the exact need of 101", last)
	}
	if len(b.B) != 100 || &b.B[0] != before {
		t.Error("the buffer changed although Grow refused")
	}
}

func TestEnsureWithoutGrow(t *testing.T) {
	b := New(make([]byte, 8), nil)
	if err := b.Ensure(8); err != nil {
		t.Error(err)
	}
	if err := b.Ensure(9); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("fixed buffer exceeded: %v", err)
	}
	var zero Buffer
	if err := zero.Ensure(1); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("zero value: %v", err)
	}
}

func TestEnsureNeverPassesTheLimit(t *testing.T) {
	var b Buffer
	grow, asked := upTo(&b, 1<<20)
	b = New(make([]byte, 64), grow).Limited(100)
	if err := b.Ensure(65); err != nil || len(b.B) != 100 {
		t.Errorf("got %d bytes, %v; want the limit of 100", len(b.B), err)
	}
	if err := b.Ensure(101); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("beyond the limit: %v", err)
	}
	if len(*asked) != 1 {
		t.Errorf("asked for %v; what exceeds the limit must not be asked for", *asked)
	}
}

func TestEnsureTooShortAnswer(t *testing.T) {
	b := New(make([]byte, 8), func(int) ([]byte, error) { return make([]byte, 8), nil })
	if err := b.Ensure(9); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("Grow gave less than asked: %v", err)
	}
}
