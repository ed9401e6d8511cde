package hostcgroups

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unescape undoes systemd's \xNN, where that gives a printable ASCII character
// other than the slash; other escapes stay as they are: "machine-web\x2d1" is "machine-web-1".
func unescape(s string) string {
	at := strings.Index(s, `\x`)
	if at < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for at >= 0 {
		b.WriteString(s[:at])
		c, ok := hexByte(s[at+2:])
		if ok && c > ' ' && c < 0x7f && c != '/' {
			b.WriteByte(c)
			s = s[at+4:]
		} else {
			b.WriteString(s[at : at+2])
			s = s[at+2:]
		}
		at = strings.Index(s, `\x`)
	}
	b.WriteString(s)
	return b.String()
}

func hexByte(s string) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	hi, ok1 := hexDigit(s[0])
	lo, ok2 := hexDigit(s[1])
	return hi<<4 | lo, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	default:
		return 0, false
	}
}

// printable writes what is not printable as \xNN, byte by byte: control characters,
// invalid UTF-8, marks that turn the direction of text. A cgroup's name may have been chosen by anybody
// with a directory of his own, and ends up on terminals.
func printable(s string) string {
	at := 0
	for at < len(s) && s[at] >= ' ' && s[at] < 0x7f {
		at++
	}
	if at == len(s) {
		return s
	}
	const digits = "0123456789abcdef"
	b := make([]byte, 0, len(s)+16)
	b = append(b, s[:at]...)
	for at < len(s) {
		r, n := utf8.DecodeRuneInString(s[at:])
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			for _, c := range []byte(s[at : at+n]) {
				b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
			}
		} else {
			b = append(b, s[at:at+n]...)
		}
		at += n
	}
	return string(b)
}

// distinct gives every row a name of its own and returns how many had to change.
// Of those with the same name one keeps it: a row that goes by its path anyway,
// else the shallowest, else the first by path; so nobody can take a name from a
// cgroup above. seen is scratch; it comes and goes empty.
func distinct(rows []Cgroup, seen map[string]int32) (renamed int) {
	defer clear(seen)
	var losers []int32
	for i := range rows {
		other, taken := seen[rows[i].Name]
		keeps, loses := int32(i), other
		if taken && before(&rows[other], &rows[i]) {
			keeps, loses = other, int32(i)
		}
		if taken {
			losers = append(losers, loses)
		}
		seen[rows[i].Name] = keeps
	}
	slices.Sort(losers)
	for _, i := range losers {
		name := pathName(rows[i].Path)
		for _, taken := seen[name]; taken; _, taken = seen[name] {
			name += "~"
		}
		rows[i].Name, seen[name] = name, i
	}
	return len(losers)
}

// before orders the claims to one name.
func before(a, b *Cgroup) bool {
	return cmp.Or(
		-cmpBool(a.Name == pathName(a.Path), b.Name == pathName(b.Path)),
		cmp.Compare(strings.Count(a.Path, "/"), strings.Count(b.Path, "/")),
		strings.Compare(a.Path, b.Path),
	) < 0
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}
