// Tally reads the events of `go test -json`, prints a line for each package and everything that failing tests
// said, and counts. Its exit status is 1 if anything failed.
//
//	go test -json work | tally -o counts
//
// -o writes "PASSED FAILED SKIPPED" to a file. What counts is each top-level test, example and fuzz target;
// a package that fails without a failing test (it does not build, panics, leaks) counts as one failure, and so
// does a test that began and never ended.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("o", "", "file for the counts")
	flag.Parse()
	counts, err := read(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
	if *out != "" {
		line := fmt.Sprintf("%d %d %d\n", counts.Passed, counts.Failed, counts.Skipped)
		if err := os.WriteFile(*out, []byte(line), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "tally:", err)
			os.Exit(1)
		}
	}
	if counts.Failed > 0 {
		os.Exit(1)
	}
}
