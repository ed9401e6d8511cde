package codec_test

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec/vectortest"
)

// row has what most rows of codec/ and oracle/ have; which members a family uses is its own business.
type row struct {
	Hex   *vectortest.Hex `json:"hex"`
	Value json.RawMessage `json:"value"`
	C     string          `json:"c"`
	Go    string          `json:"go"`

	ItemCount     *uint32 `json:"item_count"`
	PackedAreaLen *uint32 `json:"packed_area_len"`
}

// peersAccept is what deployed peers think of a row's bytes; no peer of those recorded disagrees with another.
func (r row) peersAccept() (bool, error) {
	switch {
	case r.Hex == nil || r.C == "" || r.Go == "":
		return false, fmt.Errorf("not a row of oracle/: bytes and two verdicts are due")
	case r.C != r.Go:
		return false, fmt.Errorf("peers disagree, and no decision says what is right: C %s, Go %s", r.C, r.Go)
	case r.C == "ok" && r.Value == nil:
		return false, fmt.Errorf("accepted, but as what?")
	}
	return r.C == "ok", nil
}

// layout judges a family by its encoder and its decoder, over J, the value as the vectors write it.
type layout[J any] struct {
	encode func(J) ([]byte, error)
	decode func(b []byte, r row) (J, error)
	// canonical is what encoding the value gives for bytes that were accepted, when the layout leaves no
	// choice; nil when it does.
	canonical func(b []byte) []byte
	// differs names the decision by which we accept bytes that the peers refuse, or is empty; nil when there
	// is none for this layout.
	differs func(r row) letter
}

// golden: encode(value) gives the bytes, decode(bytes) the value, and encode(decode(bytes)) the bytes again.
func (l layout[J]) golden(raw json.RawMessage) (letter, error) {
	var r row
	if err := json.Unmarshal(raw, &r); err != nil {
		return "", err
	}
	if r.Hex == nil || r.Value == nil {
		return "", fmt.Errorf("not a row of codec/: a value and bytes are due")
	}
	var want J
	if err := vectortest.Strict(r.Value, &want); err != nil {
		return "", err
	}
	got, err := l.encode(want)
	if err != nil {
		return "", fmt.Errorf("encoding: %w", err)
	}
	if !bytes.Equal(got, *r.Hex) {
		return "", fmt.Errorf("encodes to\n%x, recorded\n%x", got, *r.Hex)
	}
	return "", l.same(*r.Hex, want, r, *r.Hex)
}

// verdict: accepted or refused as the peers do, and read as they do; what was read survives being encoded.
func (l layout[J]) verdict(raw json.RawMessage) (letter, error) {
	var r row
	if err := json.Unmarshal(raw, &r); err != nil {
		return "", err
	}
	accepts, err := r.peersAccept()
	if err != nil {
		return "", err
	}
	b := *r.Hex
	if !accepts {
		got, err := l.decode(b, r)
		var by letter
		if l.differs != nil {
			by = l.differs(r)
		}
		switch {
		case by != "" && err != nil:
			return by, fmt.Errorf("refused: %w", err)
		case by == "" && err == nil:
			return by, fmt.Errorf("accepted as %+v, recorded %s", got, r.C)
		}
		return by, nil
	}
	var want J
	if err := vectortest.Strict(r.Value, &want); err != nil {
		return "", err
	}
	var canonical []byte
	if l.canonical != nil {
		canonical = l.canonical(b)
	}
	return "", l.same(b, want, r, canonical)
}

// same compares what b decodes to with want, and what that encodes to with canonical, unless nil.
func (l layout[J]) same(b []byte, want J, r row, canonical []byte) error {
	got, err := l.decode(b, r)
	if err != nil {
		return fmt.Errorf("refused: %w", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("-recorded +decoded:\n%s", diff)
	}
	again, err := l.encode(got)
	if err != nil {
		return fmt.Errorf("encoding what was decoded: %w", err)
	}
	if canonical != nil && !bytes.Equal(again, canonical) {
		return fmt.Errorf("encoded again:\n%x, want\n%x", again, canonical)
	}
	twice, err := l.decode(again, r)
	if err != nil {
		return fmt.Errorf("refused what was encoded again: %w", err)
	}
	if diff := cmp.Diff(want, twice); diff != "" {
		return fmt.Errorf("-recorded +decoded, encoded and decoded:\n%s", diff)
	}
	return nil
}

// first returns a canonical that is the first n bytes: the layout has a fixed size and no slack.
func first(n int) func([]byte) []byte {
	return func(b []byte) []byte { return b[:n] }
}
