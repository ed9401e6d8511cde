package link_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link"
)

func TestInFlightStateMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(0, 5).Draw(t, "most")
		table := link.NewInFlight(most)
		model := map[uint64]bool{}
		id := rapid.OneOf(rapid.Uint64Range(0, 7), rapid.Just(^uint64(0)))
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				id := id.Draw(t, "id")
				err := table.Add(id)
				if refuse := model[id] || len(model) == most; refuse != (err != nil) || refuse != errors.Is(err, link.ErrInFlight) {
					t.Fatalf("Add(%d) with %v of %d in flight: %v", id, model, most, err)
				}
				if err == nil {
					model[id] = true
				}
			},
			"remove": func(t *rapid.T) {
				id := id.Draw(t, "id")
				if got := table.Remove(id); got != model[id] {
					t.Fatalf("Remove(%d) = %v with %v in flight", id, got, model)
				}
				delete(model, id)
			},
			"": func(t *rapid.T) {
				if table.Len() != len(model) {
					t.Fatalf("%d in flight, want %d", table.Len(), len(model))
				}
			},
		})
	})
}

func TestInFlightOfAnySize(t *testing.T) {
	if err := link.NewInFlight(-1).Add(1); !errors.Is(err, link.ErrInFlight) {
		t.Errorf("a table of -1: %v", err)
	}
	large := link.NewInFlight(math.MaxInt) // makes no room for them
	for id := range uint64(1000) {
		if err := large.Add(id); err != nil {
			t.Fatal(err)
		}
	}
	if large.Len() != 1000 {
		t.Errorf("%d in flight, want 1000", large.Len())
	}
}
