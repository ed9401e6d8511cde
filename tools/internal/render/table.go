package render

import (
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Table is columns under headings, aligned by the width that characters take on a terminal. Its cells must be
// harmless: Escape what comes from elsewhere.
type Table struct {
	style Style
	w     table.Writer
}

// NewTable returns a table without rows.
func NewTable(style Style, headings ...string) *Table {
	t := &Table{style: style, w: table.NewWriter()}
	s := table.StyleDefault
	s.Options = table.OptionsNoBordersAndSeparators
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	t.w.SetStyle(s)
	t.w.SuppressTrailingSpaces()
	row := make(table.Row, len(headings))
	for i, h := range headings {
		row[i] = style.Bold(h)
	}
	t.w.AppendHeader(row)
	return t
}

// Row adds a row.
func (t *Table) Row(cells ...string) {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = c
	}
	t.w.AppendRow(row)
}

// String returns the table.
func (t *Table) String() string { return t.w.Render() + "\n" }

// WriteTo writes the table.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, t.String())
	return int64(n), err
}
