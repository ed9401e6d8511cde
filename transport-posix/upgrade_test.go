package posix

import (
	"math"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Whatever ids the settings say and however often a name is taken, no two sessions get the same id, as long as the
// settings do not repeat themselves; and until the first is taken, they get what the settings say.
func TestSessionIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ids sessionIDs
		seen := map[uint64]bool{}
		note := func(id uint64) {
			if seen[id] {
				t.Fatalf("%d was given out twice", id)
			}
			seen[id] = true
		}
		asked, skipped := uint64(0), false
		t.Repeat(map[string]func(*rapid.T){
			"claim": func(t *rapid.T) {
				asked += rapid.Uint64Range(1, 3).Draw(t, "step")
				got := ids.claim(asked)
				if !skipped && got != asked {
					t.Fatalf("asked for %d, got %d", asked, got)
				}
				note(got)
			},
			"late": func(t *rapid.T) { // a handshake that has begun earlier and comes later
				if id := asked - 1; asked > 0 && !seen[id] && !skipped {
					note(ids.claim(id))
				}
			},
			"taken": func(t *rapid.T) {
				skipped = true
				note(ids.next())
			},
		})
	})
}

// Settings that always say the same id work too: who finds its name taken gets another.
func TestSessionIDsRepeated(t *testing.T) {
	var ids sessionIDs
	if a, b := ids.claim(0), ids.next(); a != 0 || b != 1 {
		t.Errorf("%d, %d", a, b)
	}
	if c := ids.claim(0); c != 2 {
		t.Errorf("%d", c)
	}
	ids.highest = math.MaxUint64
	if d := ids.next(); d != 0 {
		t.Errorf("after the last: %d", d)
	}
	var all sync.Map
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 100 {
				if id, twice := all.LoadOrStore(ids.next(), true); twice {
					t.Errorf("%v twice", id)
				}
			}
		})
	}
	work.Wait()
}
