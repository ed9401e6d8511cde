// Package repo holds the rules of this workspace: what the modules may depend on, how go.work and the go.mod
// files hang together, and what no source file may contain. Each rule is a function over a Tree; the tests run
// all of them on the repository, and then each of them on a small tree with a planted violation, because a rule
// that cannot fail is worse than none.
//
// The package is a module of its own outside go.work, so that what it needs moves no version of the libraries.
// Run it with `make rules`.
package repo
