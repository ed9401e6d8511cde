//go:build !race

package cgroups

const raceEnabled = false
