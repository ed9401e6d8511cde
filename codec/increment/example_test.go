package increment_test

import (
	"fmt"

	"github.com/plugin-ipc/netipc/codec/increment"
)

// What a client writes, a server reads; what it answers, the client reads.
func Example() {
	buf := make([]byte, increment.Size)
	n, err := increment.EncodeRequest(buf, 41)
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := increment.DecodeRequest(buf[:n])
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err = increment.EncodeResponse(buf, v+1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(increment.DecodeResponse(buf[:n]))

	_, err = increment.DecodeResponse(buf[:5])
	fmt.Println(err)
	// Output:
	// 42 <nil>
	// INCREMENT response: truncated
}
