package render

import (
	"fmt"
	"strconv"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
)

// jsonCgroupItem is the answer about one path. What an unknown one does not have is left out.
type jsonCgroupItem struct {
	Path         string      `json:"path"`
	PathHex      string      `json:"path_hex,omitempty"`
	Status       string      `json:"status"`
	Orchestrator string      `json:"orchestrator,omitempty"`
	Name         *string     `json:"name,omitempty"`
	NameHex      string      `json:"name_hex,omitempty"`
	Labels       []jsonLabel `json:"labels,omitempty"`
	Generation   *uint64     `json:"generation,omitempty"`
}

func jsonCgroupItemOf(it *cgrouplookup.Item) jsonCgroupItem {
	c := jsonCgroupItem{Path: it.Path, PathHex: HexUnlessText(it.Path), Status: word(it.Status)}
	if it.Status == cgrouplookup.StatusKnown {
		c.Orchestrator, c.Name, c.NameHex, c.Labels = Orchestrator(it.Orchestrator), &it.Name, HexUnlessText(it.Name), jsonLabels(it.Labels)
	}
	return c
}

// Cgroups writes the answer to a lookup of paths.
func (lw *LookupWriter) Cgroups(from Provider, items []cgrouplookup.Item) error {
	switch lw.format {
	case FormatJSON:
		doc := struct {
			Endpoint   string           `json:"endpoint"`
			Embedded   bool             `json:"embedded"`
			Generation uint64           `json:"generation"`
			Cgroups    []jsonCgroupItem `json:"cgroups"`
		}{from.Endpoint, from.Embedded, from.Generation, make([]jsonCgroupItem, len(items))}
		for i := range items {
			doc.Cgroups[i] = jsonCgroupItemOf(&items[i])
		}
		return JSON(lw.w, doc)
	case FormatNDJSON:
		return lw.lines(len(items), func(i int) any {
			c := jsonCgroupItemOf(&items[i])
			c.Generation = &from.Generation
			return c
		})
	case FormatCSV:
		return lw.csv([]string{"path", "status", "orchestrator", "name", "labels", "generation"}, len(items), func(i int) []string {
			it := &items[i]
			g := strconv.FormatUint(from.Generation, 10)
			if it.Status != cgrouplookup.StatusKnown {
				return []string{lw.show(it.Path), word(it.Status), "", "", "", g}
			}
			return []string{lw.show(it.Path), word(it.Status), Orchestrator(it.Orchestrator), lw.show(it.Name), csvLabels(it.Labels), g}
		})
	}
	return lw.table([]string{"NAME", "BY", "PATH"}, func(add func([]applookup.Label, ...string)) {
		for i := range items {
			it := &items[i]
			if it.Status != cgrouplookup.StatusKnown {
				add(nil, lw.style.Odd("("+StatusOfCgroup(it.Status)+")"), "-", Escape(it.Path))
				continue
			}
			add(it.Labels, Escape(it.Name), by(it.Orchestrator), Escape(it.Path))
		}
	}, fmt.Sprintf("%s, generation %d", count(len(items), "cgroup", "cgroups"), from.Generation))
}
