package hostlookup

import (
	"log/slog"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
)

func newTestSource(root string) *Source {
	return NewSource(Config{Root: root}, slog.New(slog.DiscardHandler))
}

// askProcesses passes a request through the codec, as a server does.
func askProcesses(t testing.TB, s *Source, pids ...uint32) ([]applookup.Item, error) {
	t.Helper()
	b := make([]byte, applookup.Request(pids).Size())
	if _, err := applookup.EncodeRequest(b, pids); err != nil {
		t.Fatal(err)
	}
	req, err := applookup.DecodeRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	var out applookup.Builder
	if err := out.Reset(make([]byte, 1<<20), nil, 1<<20, req); err != nil {
		t.Fatal(err)
	}
	if err := s.Processes(t.Context(), req, &out); err != nil {
		return nil, err
	}
	if _, err := out.Finish(); err != nil {
		t.Fatal(err)
	}
	v, err := applookup.DecodeResponse(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var answer applookup.Response
	if v.Clone(&answer); answer.Generation != generation || len(answer.Items) != len(pids) {
		t.Fatalf("%+v", answer)
	}
	return answer.Items, nil
}

// askCgroups passes a request through the codec, as a server does.
func askCgroups(t testing.TB, s *Source, paths ...string) ([]cgrouplookup.Item, error) {
	t.Helper()
	b := make([]byte, cgrouplookup.Request(paths).Size())
	if _, err := cgrouplookup.EncodeRequest(b, paths); err != nil {
		t.Fatal(err)
	}
	req, err := cgrouplookup.DecodeRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	var out cgrouplookup.Builder
	if err := out.Reset(make([]byte, 1<<20), nil, 1<<20, req); err != nil {
		t.Fatal(err)
	}
	if err := s.Cgroups(t.Context(), req, &out); err != nil {
		return nil, err
	}
	if _, err := out.Finish(); err != nil {
		t.Fatal(err)
	}
	v, err := cgrouplookup.DecodeResponse(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var answer cgrouplookup.Response
	if v.Clone(&answer); answer.Generation != generation || len(answer.Items) != len(paths) {
		t.Fatalf("%+v", answer)
	}
	return answer.Items, nil
}

// pass lets time pass in a bubble of synctest, where it takes none.
func pass(d time.Duration) { <-time.After(d) }
