package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

var batchJudges = map[string]judge{
	"batch_dir":           dirLayout,
	"batch_payload":       batchLayout,
	"batch_builder_tight": tightBatches{},
}

// dirJSON is a bare directory. Rows of codec/ have the numbers that go with it in the value, rows of oracle/
// beside it.
type dirJSON struct {
	ItemCount     *uint32     `json:"item_count"`
	PackedAreaLen *uint32     `json:"packed_area_len"`
	Entries       []entryJSON `json:"entries"`
}

type entryJSON struct {
	Offset uint32 `json:"offset"`
	Length uint32 `json:"length"`
}

var dirLayout = layout[dirJSON]{
	encode: func(j dirJSON) ([]byte, error) { // nobody writes a bare directory but a batch builder
		b := []byte{}
		for _, e := range j.Entries {
			b = appendU32(appendU32(b, e.Offset), e.Length)
		}
		return b, nil
	},
	decode: func(b []byte, r row) (dirJSON, error) {
		count, packed := r.ItemCount, r.PackedAreaLen
		var j dirJSON
		if count == nil {
			var v dirJSON
			if err := json.Unmarshal(r.Value, &v); err != nil {
				return j, err
			}
			count, packed = v.ItemCount, v.PackedAreaLen
			j.ItemCount, j.PackedAreaLen = count, packed
		}
		if count == nil || packed == nil {
			return j, errors.New("a directory without item_count and packed_area_len")
		}
		if err := wire.CheckBatchDir(b, *count, *packed); err != nil {
			return j, err
		}
		j.Entries = []entryJSON{}
		for i := range int(*count) {
			off, length := wire.BatchEntry(b, i)
			j.Entries = append(j.Entries, entryJSON{off, length})
		}
		return j, nil
	},
}

func appendU32(b []byte, n uint32) []byte {
	return append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24)) // vectors are little-endian
}

type batchJSON struct {
	ItemCount *uint32     `json:"item_count"`
	Items     []itemBytes `json:"items"`
}

// itemBytes is an item of a batch: in codec/ hexadecimal digits, in oracle/ {"hex": "..."}.
type itemBytes []byte

func (i *itemBytes) UnmarshalJSON(b []byte) error {
	var wrapped struct{ Hex vectortest.Hex }
	if len(b) > 0 && b[0] == '"' {
		err := json.Unmarshal(b, &wrapped.Hex)
		*i = itemBytes(wrapped.Hex)
		return err
	}
	err := vectortest.Strict(b, &wrapped)
	*i = itemBytes(wrapped.Hex)
	return err
}

var batchLayout = layout[batchJSON]{
	encode: func(j batchJSON) ([]byte, error) {
		size := 0
		for _, item := range j.Items {
			size += wire.BatchSize(1, len(item))
		}
		// Spare entries, as peers in the field have them, must not show.
		tight, err := buildBatch(j.Items, size, len(j.Items))
		if err != nil {
			return nil, err
		}
		loose, err := buildBatch(j.Items, size+3*wire.BatchEntrySize, len(j.Items)+3)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(tight, loose) {
			return nil, fmt.Errorf("with 3 spare entries\n%x, without\n%x", loose, tight)
		}
		return tight, nil
	},
	decode: func(b []byte, r row) (batchJSON, error) {
		count := r.ItemCount
		var j batchJSON
		if count == nil {
			var v batchJSON
			if err := json.Unmarshal(r.Value, &v); err != nil {
				return j, err
			}
			count, j.ItemCount = v.ItemCount, v.ItemCount
		}
		if count == nil {
			return j, errors.New("a batch without item_count")
		}
		v, err := wire.DecodeBatch(b, *count)
		if err != nil {
			return j, err
		}
		for _, item := range v.All() {
			j.Items = append(j.Items, append(itemBytes{}, item...))
		}
		return j, nil
	},
}

func buildBatch(items []itemBytes, size, max int) ([]byte, error) {
	var b wire.BatchBuilder
	buf := bytes.Repeat([]byte{0xaa}, size)
	if err := b.Reset(buf, max); err != nil {
		return nil, err
	}
	for _, item := range items {
		if err := b.Add(item); err != nil {
			return nil, err
		}
	}
	return buf[:b.Finish()], nil
}

// tightBatches are batches built in buffers that are hardly large enough, or not. We do as C does, but for one
// thing: where C leaves out the padding of the last item because the buffer ends there, we refuse the item
// (15-b).
type tightBatches struct{}

func (tightBatches) verdict(json.RawMessage) (letter, error) {
	return "", errors.New("builders have no rows in oracle/")
}

func (tightBatches) golden(raw json.RawMessage) (letter, error) {
	var t struct {
		BufferSize *int             `json:"buffer_size"`
		BufferFill vectortest.Hex   `json:"buffer_fill"`
		MaxItems   *int             `json:"max_items"`
		Items      []vectortest.Hex `json:"items"`
		C          struct {
			Add   string         `json:"add"`
			Count string         `json:"count"`
			Total *int           `json:"total"`
			Hex   vectortest.Hex `json:"hex"`
		} `json:"c"`
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return "", err
	}
	count, err := strconv.Atoi(t.C.Count)
	if err != nil || t.BufferSize == nil || t.MaxItems == nil || t.C.Total == nil || len(t.BufferFill) != 1 {
		return "", fmt.Errorf("not a row of batch_builder_tight: %w", err)
	}
	want := result{t.C.Add, count, *t.C.Total, t.C.Hex}
	var by letter
	if want.total%wire.BatchAlign != 0 {
		by = "b"
		if want, err = withoutUnpadded(want, t.Items); err != nil {
			return by, err
		}
	}
	got := result{add: "ok"}
	buf := bytes.Repeat(t.BufferFill, *t.BufferSize)
	var b wire.BatchBuilder
	err = b.Reset(buf, *t.MaxItems)
	for _, item := range t.Items {
		if err == nil {
			err = b.Add(item)
		}
	}
	switch {
	case errors.Is(err, codec.ErrOverflow), errors.Is(err, codec.ErrBadCount):
		got.add = "overflow"
	case err != nil:
		return by, err
	}
	got.total = b.Finish()
	got.count = b.Len()
	got.bytes = buf[:got.total]
	if got.total > len(buf) {
		return by, fmt.Errorf("reports %d bytes in a buffer of %d", got.total, len(buf))
	}
	if got.add != want.add || got.count != want.count || got.total != want.total || !bytes.Equal(got.bytes, want.bytes) {
		return by, fmt.Errorf("got %+v\nwant %+v", got, want)
	}
	return by, nil
}

// result is what building a batch came to.
type result struct {
	add          string // "ok" or "overflow"
	count, total int
	bytes        []byte
}

// withoutUnpadded turns C's result, whose last item lacks padding, into one that refused that item. It checks
// what it leaves out: that the item was there as it was given.
func withoutUnpadded(c result, items []vectortest.Hex) (result, error) {
	v, err := wire.DecodeBatch(c.bytes, uint32(c.count))
	if err != nil {
		return c, fmt.Errorf("what C wrote: %w", err)
	}
	if c.total != len(c.bytes) || c.count > len(items) {
		return c, fmt.Errorf("C wrote %d items and %d bytes, of which %d are recorded", c.count, c.total, len(c.bytes))
	}
	for i, item := range v.All() {
		if !bytes.Equal(item, items[i]) {
			return c, fmt.Errorf("C wrote item %d as %x", i, item)
		}
	}
	last := c.count - 1
	dir := last * wire.BatchEntrySize
	off, _ := wire.BatchEntry(c.bytes, last)
	kept := append(bytes.Clone(c.bytes[:dir]), c.bytes[dir+wire.BatchEntrySize:][:off]...)
	return result{"overflow", last, len(kept), kept}, nil
}
