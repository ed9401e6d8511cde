//go:build race

package posix

import "flag"

const raceEnabled = true

// skipPooled leaves out what counts allocations: the race detector makes sync.Pool forget on purpose.
func skipPooled() { flag.Set("test.skip", "TestConformance/Concurrent/RoundTripAllocatesNothing") }
