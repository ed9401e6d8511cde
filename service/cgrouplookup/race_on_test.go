//go:build race

package cgrouplookup_test

const raceEnabled = true
