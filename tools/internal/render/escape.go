package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Escape returns s with everything that is not printable, byte for byte, as \xNN: control characters, bytes
// that are not UTF-8, marks that turn the direction of text. Backslashes stay, so that paths can be copied; who
// needs to tell the two apart asks for JSON.
func Escape(s string) string {
	at := 0
	for at < len(s) && ' ' <= s[at] && s[at] < 0x7f {
		at++
	}
	if at == len(s) {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:at])
	for at < len(s) {
		r, n := utf8.DecodeRuneInString(s[at:])
		if harmless(r, n) {
			b.WriteString(s[at : at+n])
		} else {
			for _, c := range []byte(s[at : at+n]) {
				b.WriteString(`\x`)
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&15])
			}
		}
		at += n
	}
	return b.String()
}

// harmless reports whether a rune of n bytes may stand in front of people.
func harmless(r rune, n int) bool {
	return (r != utf8.RuneError || n > 1) && unicode.IsPrint(r)
}
