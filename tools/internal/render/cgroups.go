package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/plugin-ipc/netipc/snapshot/cgroups"
)

// Cgroups is a snapshot to be written.
type Cgroups struct {
	Endpoint       string
	Embedded       bool // the provider was started for this question
	Generation     uint64
	SystemdEnabled uint32
	Age            *time.Duration // since it was fetched; nil: just now
	Len            int
	Items          iter.Seq[cgroups.Item]
}

// Format is how a listing is written.
type Format string

// The formats of a listing.
const (
	FormatTable  Format = "table"
	FormatJSON   Format = "json"
	FormatNDJSON Format = "ndjson"
	FormatCSV    Format = "csv"
)

// Formats are all of them, the default first.
var Formats = []Format{FormatTable, FormatJSON, FormatNDJSON, FormatCSV}

// CgroupsWriter writes snapshots, one after the other.
type CgroupsWriter struct {
	w      io.Writer
	format Format
	style  Style
	people bool // they look, at a terminal
	wrote  bool
}

// NewCgroupsWriter returns a writer to w. terminal says that people look at it, whatever the format: then a table
// takes the place of the one before, and in CSV too what is not printable is escaped.
func NewCgroupsWriter(w io.Writer, f Format, style Style, terminal bool) *CgroupsWriter {
	return &CgroupsWriter{w: w, format: f, style: style, people: terminal}
}

// clearScreen moves to the top of a terminal and clears it.
const clearScreen = "\x1b[H\x1b[2J"

// Write writes one snapshot.
func (cw *CgroupsWriter) Write(c Cgroups) error {
	defer func() { cw.wrote = true }()
	switch cw.format {
	case FormatJSON:
		return cw.json(c)
	case FormatNDJSON:
		return cw.ndjson(c)
	case FormatCSV:
		return cw.csv(c)
	}
	return cw.table(c)
}

func (cw *CgroupsWriter) table(c Cgroups) error {
	before := ""
	switch {
	case cw.people && c.Age != nil:
		before = clearScreen
	case cw.wrote:
		before = "\n"
	}
	t := NewTable(cw.style, "NAME", "ENABLED", "PATH")
	for it := range c.Items {
		enabled := "yes"
		if it.Enabled() == 0 {
			enabled = "no"
		}
		t.Row(Escape(it.Name()), enabled, Escape(it.Path()))
	}
	// In one piece: a terminal then shows no half of it.
	_, err := io.WriteString(cw.w, before+t.String()+cw.style.Faint(c.summary())+"\n")
	return err
}

func (c Cgroups) summary() string {
	s := fmt.Sprintf("%d cgroups, generation %d", c.Len, c.Generation)
	if c.Len == 1 {
		s = fmt.Sprintf("1 cgroup, generation %d", c.Generation)
	}
	if c.SystemdEnabled != 0 {
		s += ", systemd"
	}
	if c.Age != nil {
		s += fmt.Sprintf(", %s old", Age(*c.Age))
	}
	return s
}

// Age writes how old something is, to a tenth of a second.
func Age(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s" }

// jsonCgroup is one cgroup. Generation and AgeSeconds are those of its snapshot, where it stands by itself.
type jsonCgroup struct {
	Name       string   `json:"name"`
	NameHex    string   `json:"name_hex,omitempty"`
	Path       string   `json:"path"`
	PathHex    string   `json:"path_hex,omitempty"`
	Hash       uint32   `json:"hash"`
	Options    uint32   `json:"options"`
	Enabled    uint32   `json:"enabled"`
	Generation *uint64  `json:"generation,omitempty"`
	AgeSeconds *float64 `json:"age_seconds,omitempty"`
}

func jsonOf(it cgroups.Item) jsonCgroup {
	return jsonCgroup{
		Name: it.Name(), NameHex: HexUnlessText(it.Name()),
		Path: it.Path(), PathHex: HexUnlessText(it.Path()),
		Hash: it.Hash(), Options: it.Options(), Enabled: it.Enabled(),
	}
}

func (c Cgroups) ageSeconds() *float64 {
	if c.Age == nil {
		return nil
	}
	s := c.Age.Round(time.Millisecond).Seconds()
	return &s
}

func (cw *CgroupsWriter) json(c Cgroups) error {
	doc := struct {
		Endpoint       string       `json:"endpoint"`
		Embedded       bool         `json:"embedded"`
		Generation     uint64       `json:"generation"`
		SystemdEnabled uint32       `json:"systemd_enabled"`
		AgeSeconds     *float64     `json:"age_seconds,omitempty"`
		Cgroups        []jsonCgroup `json:"cgroups"`
	}{c.Endpoint, c.Embedded, c.Generation, c.SystemdEnabled, c.ageSeconds(), make([]jsonCgroup, 0, c.Len)}
	for it := range c.Items {
		doc.Cgroups = append(doc.Cgroups, jsonOf(it))
	}
	return JSON(cw.w, doc)
}

func (cw *CgroupsWriter) ndjson(c Cgroups) error {
	age := c.ageSeconds()
	return buffered(cw.w, func(w io.Writer) error {
		for it := range c.Items {
			row := jsonOf(it)
			row.Generation, row.AgeSeconds = &c.Generation, age
			if err := JSONLine(w, row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (cw *CgroupsWriter) csv(c Cgroups) error {
	w := csv.NewWriter(cw.w)
	show := func(s string) string { return s }
	if cw.people {
		show = Escape
	}
	if !cw.wrote {
		head := []string{"name", "path", "hash", "options", "enabled", "generation"}
		if c.Age != nil {
			head = append(head, "age_seconds")
		}
		if err := w.Write(head); err != nil {
			return err
		}
	}
	u32 := func(v uint32) string { return strconv.FormatUint(uint64(v), 10) }
	for it := range c.Items {
		row := []string{show(it.Name()), show(it.Path()), u32(it.Hash()), u32(it.Options()), u32(it.Enabled()), strconv.FormatUint(c.Generation, 10)}
		if age := c.ageSeconds(); age != nil {
			row = append(row, strconv.FormatFloat(*age, 'f', 3, 64))
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
