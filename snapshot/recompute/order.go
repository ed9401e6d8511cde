package recompute

import (
	"fmt"
	"strings"
)

// ordered returns members so that each comes after those it depends on, and otherwise in the order in which they
// were added.
func ordered(members []*member, after map[*member][]*member) ([]*member, error) {
	const (
		unknown = iota // not in the group
		open
		entered
		done
	)
	state := make(map[*member]uint8, len(members))
	for _, m := range members {
		state[m] = open
	}
	type visit struct {
		m    *member
		next int // of after[m]
	}
	sorted := make([]*member, 0, len(members))
	for _, first := range members {
		if state[first] != open {
			continue
		}
		way := []visit{{m: first}}
		state[first] = entered
		for len(way) > 0 {
			v := &way[len(way)-1]
			if v.next == len(after[v.m]) {
				state[v.m] = done
				sorted = append(sorted, v.m)
				way = way[:len(way)-1]
				continue
			}
			d := after[v.m][v.next]
			v.next++
			switch state[d] {
			case unknown:
				return nil, v.m.named(fmt.Errorf("%w: %s", ErrNoMember, d.name))
			case open:
				state[d] = entered
				way = append(way, visit{m: d})
			case entered:
				var names []string
				for i := range way {
					if len(names) > 0 || way[i].m == d {
						names = append(names, way[i].m.name)
					}
				}
				return nil, fmt.Errorf("%w: %s", ErrCycle, strings.Join(append(names, d.name), " needs "))
			}
		}
	}
	return sorted, nil
}
