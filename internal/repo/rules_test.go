package repo

import (
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	tree, err := Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Modules) < len(Workspace) || len(tree.Sources) == 0 {
		t.Fatalf("found %d modules and %d Go files in %s: that is not this repository",
			len(tree.Modules), len(tree.Sources), tree.Root)
	}
	for _, rule := range Rules {
		t.Run(rule.Name, func(t *testing.T) {
			bad, err := rule.Check(tree)
			if err != nil {
				t.Fatalf("cannot be judged: %v", err)
			}
			if len(bad) > 0 {
				t.Errorf("%s\n\n%s", strings.Join(bad, "\n"), rule.Why)
			}
		})
	}
}
