//go:build !race

package applookup_test

const raceEnabled = false
