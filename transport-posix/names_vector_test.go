package posix

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
)

// section reads a section of derive/names.json.
func section[Row any](t *testing.T, name string) []Row {
	t.Helper()
	found := vectortest.Files(t, "derive")
	i := slices.IndexFunc(found, func(f vectortest.File) bool { return f.Family == "names" })
	if i < 0 {
		t.Skip("these vectors have no derive/names.json")
	}
	var all map[string]json.RawMessage
	vectortest.Into(t, vectortest.Read(t, found[i]), &all)
	var rows []Row
	if all[name] != nil {
		vectortest.Into(t, all[name], &rows)
	}
	if least := vectortest.MinSection(t, found[i], name); len(rows) < least {
		t.Errorf("%d rows in section %s, at least %d were recorded", len(rows), name, least)
	}
	return rows
}

func TestVectorServiceNames(t *testing.T) {
	for _, row := range section[struct {
		Service vectortest.Str
		Valid   bool
		Reason  string
	}](t, "service_names") {
		err := link.CheckServiceName(string(row.Service))
		if (err == nil) != row.Valid {
			t.Errorf("service %q: %v; recorded: valid %v %s", string(row.Service), err, row.Valid, row.Reason)
		}
		if _, err := path("/run", string(row.Service), socketEnding, 0); (err == nil) != row.Valid {
			t.Errorf("path of service %q: %v; recorded: valid %v %s", string(row.Service), err, row.Valid, row.Reason)
		}
	}
}

// derived is a row about a path: what it should be, and whether the C peer refuses it.
type derived struct {
	RunDir    vectortest.Str `json:"run_dir"`
	Service   vectortest.Str
	SessionID vectortest.U64 `json:"session_id"`
	Spec      vectortest.Str
	SpecLen   int `json:"spec_len"`
	C         vectortest.Str
	CError    string `json:"c_error"`
}

// judge holds what we make of a row against the formula of the specification: run_dir verbatim (15-s, D15), up
// to the platform's limit, as the C peer has it (D14). An empty run_dir is refused, which no deployed peer does
// (15-s).
func (r derived) judge(t *testing.T, got string, err error) {
	t.Helper()
	switch refused := r.RunDir == "" || r.CError != ""; {
	case refused != (err != nil):
		t.Errorf("run directory %q, service %q: %v; recorded: %q", string(r.RunDir), string(r.Service), err, r.CError)
	case err == nil && (got != string(r.Spec) || got != string(r.C) || len(got) != r.SpecLen):
		t.Errorf("run directory %q, service %q: %q, want %q", string(r.RunDir), string(r.Service), got, string(r.Spec))
	}
}

// The vectors were recorded on Linux, so its limit is the one to judge by, wherever this runs.
func TestVectorSocketPaths(t *testing.T) {
	for _, row := range section[derived](t, "socket_paths") {
		got, err := path(string(row.RunDir), string(row.Service), socketEnding, maxSocketPath("linux"))
		row.judge(t, got, err)
	}
}

func TestVectorSHMPaths(t *testing.T) {
	for _, row := range section[derived](t, "posix_shm_paths") {
		got, err := SHMPath(string(row.RunDir), string(row.Service), uint64(row.SessionID))
		row.judge(t, got, err)
	}
}
