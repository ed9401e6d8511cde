package release

import (
	"slices"
	"strings"
)

// difference returns the lines that only one of two texts has, "-" before those of the first. Their files have
// sorted lines, so that this tells all.
func difference(is, ought []byte) string {
	a, b := slices.Collect(strings.Lines(string(is))), slices.Collect(strings.Lines(string(ought)))
	var text strings.Builder
	say := func(sign string, lines, others []string) {
		for _, line := range lines {
			if i := slices.Index(others, line); i >= 0 {
				others = slices.Delete(slices.Clone(others), i, i+1)
			} else if strings.TrimSpace(line) != "" {
				text.WriteString("  " + sign + " " + strings.TrimSpace(line) + "\n")
			}
		}
	}
	say("-", a, b)
	say("+", b, a)
	if text.Len() == 0 {
		return "  the lines are the same, in another order or with other blanks\n"
	}
	return text.String()
}
