package render_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/plugin-ipc/netipc/tools/internal/render"
)

// Colours do not move columns, nor do characters that are wide.
func TestTable(t *testing.T) {
	write := func(style render.Style) string {
		table := render.NewTable(style, "NAME", "STATE", "PATH")
		table.Row("日本", style.Good("alive"), "/a")
		table.Row("plain", style.Bad("stale"), "")
		var b bytes.Buffer
		if _, err := table.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := "" +
		"NAME   STATE  PATH\n" +
		"日本   alive  /a\n" +
		"plain  stale\n"
	if got := write(false); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	coloured := write(true)
	if got := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(coloured, ""); got != want || coloured == want {
		t.Errorf("coloured:\n%q", coloured)
	}
}
