// Package increment is the payload of method INCREMENT: one number there, one number back (spec 07). It is the
// smallest method there is, used for tests and benchmarks.
//
// Request and response are laid out alike; nothing is borrowed and nothing allocated, but errors. All functions
// may be called from any number of goroutines.
package increment
