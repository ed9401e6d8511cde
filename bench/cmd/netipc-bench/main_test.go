package main

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/report"
)

func TestMain(m *testing.M) {
	peer.Main(roles())
	os.Exit(m.Run())
}

func TestFormats(t *testing.T) {
	args := []string{"-short", "-run", "memcpy-4KiB$", "-o"}
	for _, format := range []string{"table", "json", "csv"} {
		var out, errs strings.Builder
		if status := run(t.Context(), append(args, format), &out, &errs); status != 0 {
			t.Fatalf("-o %s: status %d: %s", format, status, errs.String())
		}
		switch format {
		case "table":
			if !strings.Contains(out.String(), "probe/memcpy-4KiB/bandwidth") {
				t.Errorf("no row in\n%s", out.String())
			}
		case "json":
			if rows, err := report.ReadJSON(strings.NewReader(out.String())); err != nil || len(rows) != 1 {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		case "csv":
			if rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll(); err != nil || len(rows) != 2 {
				t.Errorf("%d records, %v", len(rows), err)
			}
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-o", "xml"}, {"-run", "("}, {"-run", "no such case"}, {"-rounds", "0"}, {"-time", "0"}, {"stray"}, {"-nope"},
	} {
		var out, errs strings.Builder
		if status := run(t.Context(), args, &out, &errs); status != 2 || errs.Len() == 0 {
			t.Errorf("%q: status %d, said %q, want 2 and a reason", args, status, errs.String())
		}
	}
}

func TestList(t *testing.T) {
	var out, errs strings.Builder
	if status := run(t.Context(), []string{"-list"}, &out, &errs); status != 0 {
		t.Fatalf("status %d: %s", status, errs.String())
	}
	if lines := strings.Count(out.String(), "\n"); lines != len(cases()) {
		t.Errorf("%d lines for %d cases", lines, len(cases()))
	}
}
