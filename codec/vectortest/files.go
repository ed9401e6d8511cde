package vectortest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// File is one file of vectors.
type File struct {
	Path   string // to open it
	Sub    string // subdirectory, "codec"
	Name   string // "hello.json.gz"
	Family string // Name without its extensions, "hello"; what is recorded there
}

// String returns the file's place in its directory: "codec/hello.json.gz".
func (f File) String() string { return f.Sub + "/" + f.Name }

func newFile(dir, sub, name string) File {
	return File{Path: filepath.Join(dir, sub, name), Sub: sub, Name: name, Family: family(name)}
}

// family strips the extensions that say how a file is written, not what it holds.
func family(name string) string {
	for _, ext := range []string{".gz", ".jsonl", ".json"} {
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// Files returns the files of a subdirectory of Dir, sorted by name; none when these vectors do not have the
// subdirectory. It fails the test when the subdirectory is empty, or lacks a file that a complete directory or a
// manifest must have.
func Files(tb testing.TB, sub string) []File {
	tb.Helper()
	dir := Dir(tb)
	if !exists(filepath.Join(dir, sub)) {
		tb.Logf("%s: these vectors have no %s", dir, sub)
		return nil
	}
	files, err := list(dir, sub)
	if err != nil {
		tb.Fatal(err)
	}
	counts, err := readCounts(dir)
	if err != nil {
		tb.Fatal(err)
	}
	complete := os.Getenv(Env) == ""
	for _, missing := range counts.missing(sub, files, complete) {
		tb.Errorf("%s: %s", dir, missing)
	}
	return files
}

func list(dir, sub string) ([]File, error) {
	entries, err := os.ReadDir(filepath.Join(dir, sub))
	if err != nil {
		return nil, err
	}
	var files []File
	for _, e := range entries {
		if e.IsDir() {
			return nil, fmt.Errorf("%s: a directory among vectors", filepath.Join(dir, sub, e.Name()))
		}
		files = append(files, newFile(dir, sub, e.Name()))
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no files", filepath.Join(dir, sub))
	}
	return files, nil
}

// Read returns the content of a file, uncompressed, for the test to take apart.
func Read(tb testing.TB, f File) []byte {
	tb.Helper()
	b, err := read(f)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func read(f File) ([]byte, error) {
	b, err := os.ReadFile(f.Path)
	if err != nil || !strings.HasSuffix(f.Name, ".gz") {
		return b, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%v: %w", f, err)
	}
	if b, err = io.ReadAll(z); err != nil {
		return nil, fmt.Errorf("%v: %w", f, err)
	}
	return b, nil
}

// Rows returns the rows of a file, a JSON array or an object a line, and logs how many there are. It fails the
// test when they are fewer than MinRows says.
func Rows(tb testing.TB, f File) []json.RawMessage {
	tb.Helper()
	rows, err := split(f, Read(tb, f))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Logf("%v: %d rows", f, len(rows))
	if least := MinRows(tb, f); len(rows) < least {
		tb.Errorf("%v: %d rows, but at least %d were recorded", f, len(rows), least)
	}
	return rows
}

func split(f File, b []byte) ([]json.RawMessage, error) {
	if !strings.HasSuffix(strings.TrimSuffix(f.Name, ".gz"), ".jsonl") {
		var rows []json.RawMessage
		if err := json.Unmarshal(b, &rows); err != nil {
			return nil, fmt.Errorf("%v: %w", f, err)
		}
		return rows, nil
	}
	var rows []json.RawMessage
	n := 0
	for line := range bytes.Lines(b) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !json.Valid(line) {
			return nil, fmt.Errorf("%v: line %d is not JSON", f, n)
		}
		rows = append(rows, line)
	}
	return rows, nil
}
