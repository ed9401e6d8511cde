// Package stringreverse is the typed client and server of method STRING_REVERSE: a string there, its bytes reversed
// back (spec 07). It is the smallest service whose messages vary in size, for tests, examples and benchmarks.
package stringreverse
