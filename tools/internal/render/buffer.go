package render

import (
	"bufio"
	"io"
)

// buffered lets f write many small pieces to w.
func buffered(w io.Writer, f func(io.Writer) error) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if err := f(b); err != nil {
		return err
	}
	return b.Flush()
}
