package render

// Style colours text, or leaves it alone.
type Style bool

// Colour codes of ECMA-48, which is what every terminal has.
const (
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	faint  = "\x1b[2m"
	reset  = "\x1b[0m"
)

func (s Style) paint(code, text string) string {
	if !s || text == "" {
		return text
	}
	return code + text + reset
}

// Bold is for headings.
func (s Style) Bold(text string) string { return s.paint(bold, text) }

// Bad is for what is wrong.
func (s Style) Bad(text string) string { return s.paint(red, text) }

// Good is for what is as it should be.
func (s Style) Good(text string) string { return s.paint(green, text) }

// Odd is for what deserves a look.
func (s Style) Odd(text string) string { return s.paint(yellow, text) }

// Faint is for what matters least.
func (s Style) Faint(text string) string { return s.paint(faint, text) }
