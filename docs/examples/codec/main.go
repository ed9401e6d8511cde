// Codec turns values into bytes and back without any connection: what a message of CGROUPS_SNAPSHOT holds, and what
// happens to one that is not right.
//
//	go run ./docs/examples/codec
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	payload, err := build(make([]byte, 1024))
	if err != nil {
		return err
	}
	var kept cgroupsnapshot.Snapshot
	if err := read(payload, out, &kept); err != nil {
		return err
	}

	// A message that lost its last byte. It is refused whole: nobody gets half a view.
	_, err = cgroupsnapshot.DecodeResponse(payload[:len(payload)-1])
	explain(err, out)

	// The buffer is used again: views of it are dead now, the copy is not.
	clear(payload)
	fmt.Fprintln(out, "kept:", len(kept.Items), "cgroups,", kept.Items[0].Name, "is the first")
	_, err = cgroupsnapshot.DecodeResponse(payload)
	explain(err, out)
	return nil
}

// build writes an answer straight into buf, which here is all the room there is, and returns the part in use.
func build(buf []byte) ([]byte, error) {
	var b cgroupsnapshot.Builder
	if err := b.Reset(buf, nil, 2); err != nil {
		return nil, err
	}
	b.SetGeneration(7)
	for _, unit := range []string{"ssh", "nginx"} {
		// An error here would be kept: those who like can look at what Finish returns alone.
		if err := b.Add(cgroupsnapshot.HashName(unit), 0, 1, unit, "/system.slice/"+unit+".service"); err != nil {
			return nil, err
		}
	}
	n, err := b.Finish()
	return buf[:n], err
}

// read decodes an answer, prints it, and copies it to keep.
func read(payload []byte, out io.Writer, keep *cgroupsnapshot.Snapshot) error {
	// Everything is validated here, once. Reading the view afterwards cannot fail and allocates nothing.
	view, err := cgroupsnapshot.DecodeResponse(payload)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "generation", view.Generation())
	for i, item := range view.All() {
		// The strings are borrowed from payload. Equal compares without a copy, String makes one.
		fmt.Fprintln(out, i, item.Name().String(), item.Path().String(), item.Name().Equal("ssh"))
	}
	view.Clone(keep) // reuses what keep has, from one snapshot to the next
	return nil
}

// explain says what is wrong with a message, the way a program finds out.
func explain(err error, out io.Writer) {
	fmt.Fprintln(out, "error:", err)
	switch {
	case errors.Is(err, codec.ErrOutOfBounds):
		fmt.Fprint(out, "  it points outside the message")
	case errors.Is(err, codec.ErrBadLayout):
		fmt.Fprint(out, "  it is laid out in another way")
	}
	if e, ok := errors.AsType[*codec.Error](err); ok {
		fmt.Fprintf(out, ": item %d, field %q", e.Item, e.Field) // item -1: there is none
	}
	fmt.Fprintln(out)
}
