package render

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
)

// Provider is who has answered a lookup.
type Provider struct {
	Endpoint   string
	Embedded   bool // it was started for this question
	Generation uint64
}

// LookupWriter writes the answer to a lookup.
type LookupWriter struct {
	w      io.Writer
	format Format
	style  Style
	people bool
	labels bool
}

// NewLookupWriter returns a writer to w. terminal says that people look at it, whatever the format; labels, that
// tables show labels too.
func NewLookupWriter(w io.Writer, f Format, style Style, terminal, labels bool) *LookupWriter {
	return &LookupWriter{w, f, style, terminal, labels}
}

// show is text in CSV.
func (lw *LookupWriter) show(s string) string {
	if lw.people {
		return Escape(s)
	}
	return s
}

// table writes a table and a line below it. Its last column is that of labels.
func (lw *LookupWriter) table(headings []string, rows func(add func(labels []applookup.Label, cells ...string)), below string) error {
	if lw.labels {
		headings = append(headings, "LABELS")
	}
	t := NewTable(lw.style, headings...)
	rows(func(labels []applookup.Label, cells ...string) {
		if lw.labels {
			words := make([]string, len(labels))
			for i, l := range labels {
				words[i] = Escape(l.Key + "=" + l.Value)
			}
			cells = append(cells, strings.Join(words, ", "))
		}
		t.Row(cells...)
	})
	_, err := io.WriteString(lw.w, t.String()+lw.style.Faint(below)+"\n")
	return err
}

// csv writes a heading and rows.
func (lw *LookupWriter) csv(head []string, n int, row func(i int) []string) error {
	w := csv.NewWriter(lw.w)
	if err := w.Write(head); err != nil {
		return err
	}
	for i := range n {
		if err := w.Write(row(i)); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// lines writes n objects, one a line.
func (lw *LookupWriter) lines(n int, row func(i int) any) error {
	return buffered(lw.w, func(w io.Writer) error {
		for i := range n {
			if err := JSONLine(w, row(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

type jsonLabel struct {
	Key      string `json:"key"`
	KeyHex   string `json:"key_hex,omitempty"`
	Value    string `json:"value"`
	ValueHex string `json:"value_hex,omitempty"`
}

func jsonLabels(labels []applookup.Label) []jsonLabel {
	all := make([]jsonLabel, len(labels))
	for i, l := range labels {
		all[i] = jsonLabel{l.Key, HexUnlessText(l.Key), l.Value, HexUnlessText(l.Value)}
	}
	return all
}

// csvLabels is a cell with labels, as JSON.
func csvLabels(labels []applookup.Label) string {
	if len(labels) == 0 {
		return ""
	}
	b, err := json.Marshal(jsonLabels(labels))
	if err != nil {
		panic(fmt.Sprintf("render: strings that are no JSON: %v", err))
	}
	return string(quiet(b))
}

var orchestrators = [...]string{"unknown", "systemd", "docker", "k8s", "kvm", "lxc", "podman", "nspawn"}

// Orchestrator returns the word for who runs a cgroup, or the number if there is none.
func Orchestrator(o applookup.Orchestrator) string {
	if int(o) < len(orchestrators) {
		return orchestrators[o]
	}
	return strconv.Itoa(int(o))
}

// by is Orchestrator in a table.
func by(o applookup.Orchestrator) string {
	if o == applookup.OrchestratorUnknown {
		return "-"
	}
	return Orchestrator(o)
}

// StatusOfProcess returns what became of a pid, in words.
func StatusOfProcess(s applookup.Status) string {
	switch s {
	case applookup.StatusKnown:
		return "known"
	case applookup.StatusUnknown:
		return "no such process"
	case applookup.StatusOversizedItem:
		return "the answer is too large"
	}
	return word(s)
}

// StatusOfCgroup returns what became of a path, in words.
func StatusOfCgroup(s cgrouplookup.Status) string {
	switch s {
	case cgrouplookup.StatusKnown:
		return "known"
	case cgrouplookup.StatusUnknownRetryLater:
		return "not known yet"
	case cgrouplookup.StatusUnknownPermanent:
		return "unknown for good"
	case cgrouplookup.StatusOversizedItem:
		return "the answer is too large"
	}
	return word(s)
}

// word is the name that the specification has for a status, in lower case.
func word(s fmt.Stringer) string { return strings.ToLower(s.String()) }

// count is "1 process" or "7 processes".
func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}
