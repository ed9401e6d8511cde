package stringreverse_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/stringreverse"
)

var errSession = errors.New("agreed limit reached")

// growing returns a Grow up to limit that scribbles over the buffer that died.
func growing(buf *[]byte, limit int) codec.Grow {
	return func(n int) ([]byte, error) {
		if n > limit {
			return nil, errSession
		}
		grown := dirty(n)
		copy(grown, *buf)
		for i := range *buf {
			(*buf)[i] = 0xdb
		}
		*buf = grown
		return grown, nil
	}
}

func TestBuilder(t *testing.T) {
	for _, s := range []string{"", "a", "abc", "abcdefgh", goldenValue, strings.Repeat("0123456789", 50)} {
		want, plain := dirty(stringreverse.Size(len(s))), dirty(stringreverse.Size(len(s)))
		_, err := stringreverse.EncodeResponse(want, naive(s))
		must(t, err == nil)
		_, err = stringreverse.EncodeResponse(plain, s)
		must(t, err == nil)
		var buf []byte
		for how, dst := range map[string][]byte{"fixed": dirty(len(want)), "larger": dirty(len(want) + 9), "growing": nil} {
			grow := growing(&buf, len(want))
			if dst != nil {
				grow = nil
			}
			var b stringreverse.Builder
			if err := b.Reset(dst, grow); err != nil {
				t.Fatal(err)
			}
			if err := b.SetReversed(codec.MakeStrView([]byte(s))); err != nil {
				t.Fatal(err)
			}
			if b.Bytes() != nil {
				t.Errorf("%s: bytes before Finish", how)
			}
			for range 2 {
				if n, err := b.Finish(); n != len(want) || err != nil || !bytes.Equal(b.Bytes(), want) {
					t.Errorf("%s: %q reversed is %x, %v", how, s, b.Bytes(), err)
				}
			}
			if err := b.SetString(s); err != nil || b.Bytes() != nil {
				t.Errorf("%s: %v", how, err)
			}
			if _, err := b.Finish(); err != nil || b.Err() != nil || !bytes.Equal(b.Bytes(), plain) {
				t.Errorf("%s: %q as it is: %x, %v", how, s, b.Bytes(), err)
			}
		}
	}
}

func TestBuilderWithoutRoom(t *testing.T) {
	var b stringreverse.Builder
	if n, err := b.Finish(); n != 0 || !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("Finish without Reset: %d, %v", n, err)
	}
	if err := b.Reset(dirty(8), nil); !errors.Is(err, codec.ErrOverflow) {
		t.Errorf("an empty string in 8 bytes: %v", err)
	}
	if err := b.Reset(dirty(9), nil); err != nil {
		t.Errorf("an empty string in 9 bytes: %v", err)
	}
	if n, err := b.Finish(); n != 9 || err != nil {
		t.Errorf("no string: %d, %v", n, err)
	}
	var buf []byte
	if err := b.Reset(nil, growing(&buf, 12)); err != nil {
		t.Fatal(err)
	}
	err := b.SetReversed(codec.MakeStrView([]byte("four")))
	if !errors.Is(err, codec.ErrOverflow) || !errors.Is(err, errSession) {
		t.Errorf("error %v: want one that is both codec.ErrOverflow and Grow's own", err)
	}
	if again := b.SetString(""); again != err {
		t.Errorf("the error did not last: %v", again)
	}
	if n, again := b.Finish(); n != 0 || again != err || b.Err() != err || b.Bytes() != nil {
		t.Errorf("finished in spite of it: %d, %v", n, again)
	}
}

func TestReverse(t *testing.T) {
	for n := range 70 {
		src := make([]byte, n)
		for i := range src {
			src[i] = byte(i + 1)
		}
		dst := dirty(n + 1)
		if got := stringreverse.Reverse(dst, src); got != n || string(dst[:n]) != naive(string(src)) || dst[n] != 0xaa {
			t.Errorf("%d bytes: %d, %x", n, got, dst)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("3 bytes were reversed into 2")
		}
	}()
	stringreverse.Reverse(make([]byte, 2, math.MaxUint8), make([]byte, 300))
}
