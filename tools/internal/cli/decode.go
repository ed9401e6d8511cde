package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/tools/internal/explain"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

type decodeFlags struct {
	file   string
	format string
	as     string
	output string
	items  int
}

func newDecode(a *app) *cobra.Command {
	var f decodeFlags
	cmd := &cobra.Command{
		Use:   "decode [HEX... | -f FILE | -]",
		Short: "Explain a message, field by field, and say what is wrong with it",
		Long: `decode explains messages of the protocol: outer header, chunk headers and whether
the chunks fit together, HELLO, HELLO_ACK, batch directories, and the payloads of
INCREMENT and CGROUPS_SNAPSHOT; other payloads are shown as they are. Offsets count
from the first byte of the packet.

Messages come as hexadecimal digits in the arguments, or from a file or standard
input (-, or nothing) as such digits, as the bytes themselves, or as a transcript
with one JSON object a line, of which "hex" holds a packet and "dir" ("c2s", "s2c")
and "conn" say whose. Each argument, or line of digits, is a packet if each begins
as packets do; else they are one piece, as bytes are, which is cut where headers say.

With -o json the answer is one object: "ok"; "problems", each with "packet",
"offset", "field" and "message"; "packets", each with "packet", "conn", "dir",
"offset", "size", "title", "notes" and "sections" of "fields". A field has "offset",
"size", "type", "name", "value", and where there is something to say "note" and
"wrong". Text that is not UTF-8 has its bytes in "hex".

Exit status: 1 if a message is bad, with the field and its offset.`,
		Example: `  netipc decode 4350494e 01002000 01000000 02000000 04000000 01000000 0100000000000000 01000000
  netipc decode -f message.bin
  xxd -p message.bin | netipc decode
  netipc decode --as cgroups-snapshot-response -f payload.bin
  netipc decode -o json -f session.jsonl | jq .problems`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: runs(func(ctx context.Context, _ *cobra.Command, args []string) error {
			return a.decode(ctx, &f, args)
		}),
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "file", "f", "", "read `FILE`; - is standard input")
	flags.StringVar(&f.format, "format", string(explain.Auto), "what the input is: "+list(explain.Formats))
	flags.StringVar(&f.as, "as", "message", "what the bytes are: message, or a payload without its header: "+list(explain.Types))
	flags.IntVar(&f.items, "items", explain.DefaultMaxItems, "show at most so many items of a message, 0: all")
	addOutput(cmd, &f.output, "text", "json")
	completeWords(cmd, "format", explain.Formats...)
	completeWords(cmd, "as", append([]explain.Type{"message"}, explain.Types...)...)
	_ = cmd.MarkFlagFilename("file")
	return cmd
}

func (a *app) decode(ctx context.Context, f *decodeFlags, args []string) error {
	if err := oneOf("format", explain.Format(f.format), explain.Formats); err != nil {
		return err
	}
	if err := oneOf("as", explain.Type(f.as), append([]explain.Type{"message"}, explain.Types...)); err != nil {
		return err
	}
	if f.items < 0 {
		return usagef("--items %d: 0 or more", f.items)
	}
	pieces, name, err := a.decodeInput(ctx, f, args)
	if err != nil {
		return err
	}
	e := explain.New()
	e.MaxItems = f.items
	for _, piece := range pieces {
		if err := addInput(e, f, piece); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	r := e.Finish()
	if len(r.Packets) == 0 {
		return fmt.Errorf("%s: nothing to decode: it has no packet", name)
	}
	if err := a.writeReport(r, f.output); err != nil || r.OK {
		return err
	}
	p := r.Problems[0]
	text := p.Error()
	if n := len(r.Problems); n > 1 {
		text += fmt.Sprintf(" (and %d more)", n-1)
	}
	return errors.New("bad message: " + text)
}

func (a *app) writeReport(r explain.Report, format string) error {
	if format == "json" {
		return render.JSON(a.out, r)
	}
	if err := r.WriteText(a.out, style(a.out)); err != nil || isTerminal(a.out) && isTerminal(a.err) {
		return err // on a terminal, what is wrong is about to be said
	}
	return r.WriteProblems(a.out, style(a.out))
}

// decodeInput returns the pieces of the input, and what it is called.
func (a *app) decodeInput(ctx context.Context, f *decodeFlags, args []string) (pieces [][]byte, name string, err error) {
	stdin := len(args) == 1 && args[0] == "-" || f.file == "-"
	switch {
	case f.file != "" && len(args) > 0:
		return nil, "", usagef("either digits or --file, not both")
	case stdin || len(args) == 0 && f.file == "" && !isTerminal(a.in):
		b, err := a.readInput(ctx)
		return [][]byte{b}, "standard input", err
	case f.file != "":
		b, err := os.ReadFile(f.file)
		return [][]byte{b}, f.file, err
	case len(args) == 0:
		return nil, "", usagef("nothing to decode: give digits, a file or standard input")
	}
	if f.format != string(explain.Auto) && f.format != string(explain.Hex) {
		return nil, "", usagef("arguments are hexadecimal digits, not %s: use --file", f.format)
	}
	digits := strings.Join(args, "\n")
	if _, err := explain.ParseHex([]byte(digits)); err != nil {
		return nil, "", usagef("the arguments are no message: %v", err)
	}
	f.format = string(explain.Hex)
	return [][]byte{[]byte(digits)}, "the arguments", nil
}

// readInput reads standard input to its end, or until ctx ends.
func (a *app) readInput(ctx context.Context) ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	read := make(chan result, 1)
	go func() {
		b, err := io.ReadAll(a.in)
		read <- result{b, err}
	}()
	select {
	case r := <-read:
		if r.err != nil {
			return nil, fmt.Errorf("read standard input: %w", r.err)
		}
		return r.b, nil
	case <-ctx.Done():
		return nil, errInterrupted
	}
}

func addInput(e *explain.Explainer, f *decodeFlags, piece []byte) error {
	if f.as == "message" {
		return e.AddAll(piece, explain.Format(f.format))
	}
	b, err := explain.Bytes(piece, explain.Format(f.format))
	if err != nil {
		return err
	}
	return e.AddPayload(explain.Type(f.as), explain.Input{Bytes: b})
}
