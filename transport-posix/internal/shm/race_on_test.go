//go:build linux && race

package shm

// raceDetector says whether this build has it.
const raceDetector = true
