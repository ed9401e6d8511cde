// Package increment is the typed client and server of method INCREMENT: a number there, the next one back (spec
// 07). It is the smallest service there is, for tests, examples and benchmarks.
package increment
