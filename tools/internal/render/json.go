package render

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON writes v as one indented document and a line end.
func JSON(w io.Writer, v any) error { return writeJSON(w, v, "  ") }

// JSONLine writes v as one line: a record of NDJSON.
func JSONLine(w io.Writer, v any) error { return writeJSON(w, v, "") }

func writeJSON(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(quiet(b.Bytes()))
	return err
}

// quiet writes as \uNNNN what package json leaves as it is although a terminal might obey it: DEL, the C1
// control characters, marks of direction. Outside of strings, JSON is ASCII, so the document stays the same.
func quiet(doc []byte) []byte {
	at := 0
	for at < len(doc) && doc[at] < 0x7f {
		at++
	}
	if at == len(doc) {
		return doc
	}
	out := append(make([]byte, 0, len(doc)+64), doc[:at]...)
	for at < len(doc) {
		r, n := utf8.DecodeRune(doc[at:])
		switch {
		case r < 0x7f || harmless(r, n):
			out = append(out, doc[at:at+n]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		at += n
	}
	return out
}

// HexUnlessText returns the bytes of s in hexadecimal if s is not UTF-8, which a JSON string cannot hold, else
// nothing. JSON shows such a string with U+FFFD in place of each bad byte, and its bytes beside it.
func HexUnlessText(s string) string {
	if utf8.ValidString(s) {
		return ""
	}
	return hex.EncodeToString([]byte(s))
}
