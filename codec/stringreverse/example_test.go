package stringreverse_test

import (
	"fmt"

	"github.com/plugin-ipc/netipc/codec/stringreverse"
)

// What a client writes, a server reads; what it answers, the client reads.
func Example() {
	request := make([]byte, stringreverse.Size(len("desserts")))
	if _, err := stringreverse.EncodeRequest(request, "desserts"); err != nil {
		fmt.Println(err)
		return
	}

	s, err := stringreverse.DecodeRequest(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	var b stringreverse.Builder
	if err := b.Reset(make([]byte, 64), nil); err != nil {
		fmt.Println(err)
		return
	}
	if err := b.SetReversed(s); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := b.Finish(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stringreverse.DecodeResponse(b.Bytes()))

	_, err = stringreverse.DecodeResponse(b.Bytes()[:12])
	fmt.Println(err)
	// Output:
	// stressed <nil>
	// STRING_REVERSE response: length: out of bounds
}
