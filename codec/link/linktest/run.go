package linktest

import "testing"

// Run runs the conformance suite against a transport. Each subtest is named after the promise it checks; what
// the harness cannot do is skipped, and says so.
func Run(t *testing.T, h Harness) {
	for _, part := range []struct {
		name  string
		tests []subtest
	}{
		{"Dial", dialTests},
		{"Handshake", handshakeTests},
		{"Messages", messageTests},
		{"InFlight", inFlightTests},
		{"Limits", limitTests},
		{"Reserve", reserveTests},
		{"Exchange", exchangeTests},
		{"Waits", waitTests},
		{"Backpressure", backpressureTests},
		{"Close", closeTests},
		{"Drain", drainTests},
		{"Hostile", hostileTests},
		{"Faults", faultTests},
		{"Concurrent", concurrentTests},
	} {
		t.Run(part.name, func(t *testing.T) {
			for _, test := range part.tests {
				t.Run(test.name, func(t *testing.T) { test.run(t, h) })
			}
		})
	}
}

// subtest is one promise of the contract.
type subtest struct {
	name string
	run  func(t *testing.T, h Harness)
}
