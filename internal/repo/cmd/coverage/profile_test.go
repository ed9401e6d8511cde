package main

import (
	"errors"
	"strings"
	"testing"
)

const source = `package p

func f(a bool) int {
	if a {
		return 1
	}
	if !a {
		return 2 // unreachable: it is one of them
	}
	return 3 // unreachable:
}
`

func TestJudge(t *testing.T) {
	read := func(string) ([]byte, error) { return []byte(source), nil }
	const file = prefix + "codec/p/f.go"
	profile := func(one, two, three string) string {
		return "mode: set\n" +
			file + ":3.20,4.8 1 1\n" +
			file + ":4.8,6.3 1 " + one + "\n" +
			file + ":7.9,9.3 1 " + two + "\n" +
			file + ":10.2,10.10 1 " + three + "\n" +
			file + ":4.8,6.3 1 0\n" // another package's tests
	}
	for _, c := range []struct {
		name, profile string
		want          []string
	}{
		{"good", profile("1", "0", "7"), nil},
		{"not run", profile("0", "0", "1"), []string{"codec/p/f.go:4: no test gets here"}},
		{"the reason is empty", profile("1", "0", "0"), []string{"codec/p/f.go:10: no test gets here"}},
		{"the reason is untrue", profile("1", "1", "1"), []string{"codec/p/f.go:7: said to be unreachable"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			blocks, err := parse(c.profile)
			if err != nil {
				t.Fatal(err)
			}
			bad, err := judge(blocks, read)
			if err != nil || len(bad) != len(c.want) {
				t.Fatalf("%q, %v; want %q", bad, err, c.want)
			}
			for i := range bad {
				if !strings.Contains(bad[i], c.want[i]) {
					t.Errorf("%q, want one with %q", bad[i], c.want[i])
				}
			}
		})
	}
}

func TestBadProfiles(t *testing.T) {
	if _, err := parse("mode: set\nx.go:1.2 3\n"); err == nil {
		t.Error("a broken line was read")
	}
	blocks, err := parse("x.go:1.1,9.9 1 0\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := judge(blocks, func(string) ([]byte, error) { return []byte("one line"), nil }); err == nil {
		t.Error("a profile of another source was believed")
	}
	gone := errors.New("gone")
	if _, err := judge(blocks, func(string) ([]byte, error) { return nil, gone }); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
}

func TestPackages(t *testing.T) {
	all, err := packagesOf("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"./codec/wire", "./codec/link", "./codec/increment", "./codec/internal/lookup"} {
		if !strings.Contains(strings.Join(all, " ")+" ", want+" ") {
			t.Errorf("%s is not among %q", want, all)
		}
	}
	if _, err := packagesOf(t.TempDir()); err == nil {
		t.Error("packages were found where none are")
	}
}
