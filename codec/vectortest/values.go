package vectortest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
)

// Hex is bytes, in JSON a string of hexadecimal digits.
type Hex []byte

// UnmarshalJSON implements json.Unmarshaler.
func (h *Hex) UnmarshalJSON(b []byte) error {
	var digits string
	if err := json.Unmarshal(b, &digits); err != nil {
		return err
	}
	out, err := hex.DecodeString(digits)
	*h = out
	return err
}

// Str is a string of any bytes, in JSON a string if it is valid UTF-8, else {"hex": "..."}.
type Str string

// UnmarshalJSON implements json.Unmarshaler.
func (s *Str) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(s))
	}
	var v struct {
		Hex *Hex `json:"hex"`
	}
	if err := strict(b, &v); err != nil {
		return err
	}
	if v.Hex == nil {
		return fmt.Errorf("%s is neither a string nor {\"hex\": ...}", b)
	}
	*s = Str(*v.Hex)
	return nil
}

// U64 is a number of 64 bits, in JSON a string of decimal digits.
type U64 uint64

// UnmarshalJSON implements json.Unmarshaler.
func (u *U64) UnmarshalJSON(b []byte) error {
	var digits string
	if err := json.Unmarshal(b, &digits); err != nil {
		return err
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	*u = U64(n)
	return err
}

// Into reads a row or a part of one into v. Members that v does not have are passed over.
func Into(tb testing.TB, row json.RawMessage, v any) {
	tb.Helper()
	if err := json.Unmarshal(row, v); err != nil {
		tb.Fatalf("%v in %.200s", err, row)
	}
}

// Strict reads a part of a row into v, all of it: a member that v does not have is an error, for it would be a
// value that nobody compares.
func Strict(row json.RawMessage, v any) error {
	if err := strict(row, v); err != nil {
		return fmt.Errorf("%w in %.200s", err, row)
	}
	return nil
}

func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
