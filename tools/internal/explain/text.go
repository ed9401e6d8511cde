package explain

import (
	"bufio"
	"fmt"
	"io"

	"github.com/plugin-ipc/netipc/tools/internal/render"
)

// WriteText writes the packets for people, with a mark at what is wrong.
func (r Report) WriteText(w io.Writer, style render.Style) error {
	b := bufio.NewWriter(w)
	for i, p := range r.Packets {
		if i > 0 {
			fmt.Fprintln(b)
		}
		p.writeText(b, style)
	}
	return b.Flush()
}

// WriteProblems writes what is wrong, a line each.
func (r Report) WriteProblems(w io.Writer, style render.Style) error {
	for _, p := range r.Problems {
		if _, err := fmt.Fprintf(w, "\n%s %s\n", style.Bad("bad:"), render.Escape(p.Error())); err != nil {
			return err
		}
	}
	return nil
}

func (p *Packet) writeText(w io.Writer, style render.Style) {
	head := fmt.Sprintf("packet %d", p.Number)
	if p.Direction != Unknown {
		head += fmt.Sprintf(" %s", p.Direction)
	}
	if p.Conn != 0 {
		head += fmt.Sprintf(" on connection %d", p.Conn)
	}
	fmt.Fprintf(w, "%s\n", style.Bold(fmt.Sprintf("%s: %s, %d bytes", head, p.Title, p.Size)))
	for _, s := range p.Sections {
		fmt.Fprintf(w, "  %s\n", s.Title)
		for i := range s.Fields {
			s.Fields[i].writeText(w, style)
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintf(w, "  note: %s\n", n)
	}
}

const (
	nameWidth  = 34
	valueWidth = 20
	dumpWidth  = 16 // bytes a line
)

func (f *Field) writeText(w io.Writer, style render.Style) {
	if f.Name == rawName {
		f.writeDump(w, style)
		return
	}
	line := fmt.Sprintf("  %8d  %-6s  %-*s  ", f.Offset, f.Type, nameWidth, f.Name)
	value := f.text
	if f.Cut > 0 {
		value += fmt.Sprintf(" and %d bytes more", f.Cut)
	}
	if f.Note != "" {
		value = fmt.Sprintf("%-*s  %s", valueWidth, value, style.Faint(f.Note))
	}
	fmt.Fprint(w, line, value)
	if f.Wrong != "" {
		fmt.Fprintf(w, "  %s", style.Bad("<-- "+f.Wrong))
	}
	fmt.Fprintln(w)
}

// writeDump writes bytes that nobody explains.
func (f *Field) writeDump(w io.Writer, style render.Style) {
	text := f.text // "xx xx xx"
	for at := 0; at*3 < len(text); at += dumpWidth {
		end := min((at+dumpWidth)*3-1, len(text))
		fmt.Fprintf(w, "  %8d  %-6s  %s\n", f.Offset+at, f.Type, text[at*3:end])
	}
	if f.Cut > 0 {
		fmt.Fprintf(w, "  %8s  %s\n", "", style.Faint(fmt.Sprintf("and %d bytes more", f.Cut)))
	}
}
