package stringreverse_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/stringreverse"
)

// message is one of the two messages, which are laid out alike.
type message struct {
	name        string
	encode      func(dst []byte, s string) (int, error)
	encodeBytes func(dst []byte, s []byte) (int, error)
	decode      func(b []byte) (codec.StrView, error)
}

var messages = []message{
	{"request", stringreverse.EncodeRequest[string], stringreverse.EncodeRequest[[]byte], stringreverse.DecodeRequest},
	{"response", stringreverse.EncodeResponse[string], stringreverse.EncodeResponse[[]byte], stringreverse.DecodeResponse},
}

func must(tb testing.TB, ok bool) {
	if !ok {
		tb.Helper()
		tb.Fatal("wrong result")
	}
}

// dirty returns n bytes that a test would see if an encoder left them.
func dirty(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 0xaa
	}
	return b
}

// naive is the reverse of s the obvious way.
func naive(s string) string {
	out := ""
	for i := range len(s) {
		out = s[i:i+1] + out
	}
	return out
}
