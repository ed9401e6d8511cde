package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"golang.org/x/term"

	"github.com/plugin-ipc/netipc/tools/internal/render"
)

// app is what all commands share.
type app struct {
	in  io.Reader
	out *output
	err io.Writer

	runDir    string // --run-dir
	tokenFile string // --auth-token-file
}

// output is standard output. It remembers the first error, so that no write can fail unnoticed.
type output struct {
	w   io.Writer
	mu  sync.Mutex
	err error
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	if err != nil {
		o.err = &outputError{err}
	}
	return n, o.err
}

func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// outputError: standard output takes no more.
type outputError struct{ err error }

func (e *outputError) Error() string {
	var path *fs.PathError
	if errors.As(e.err, &path) {
		return "cannot write standard output: " + path.Err.Error()
	}
	return "cannot write standard output: " + e.err.Error()
}

func (e *outputError) Unwrap() error { return e.err }

// gone reports whether the reader has left, which is nothing to talk about.
func (e *outputError) gone() bool {
	return errors.Is(e.err, syscall.EPIPE) || errors.Is(e.err, io.ErrClosedPipe)
}

// isTerminal reports whether people look at w.
func isTerminal(w any) bool {
	if o, ok := w.(*output); ok {
		w = o.w
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// style returns how to colour what is written to w (no-color.org).
func style(w any) render.Style {
	return render.Style(os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w))
}
