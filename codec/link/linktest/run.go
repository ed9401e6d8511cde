package linktest

import "testing"

// Run runs the conformance suite against a transport. Each subtest is named after the promise it checks; the table in
// rules_test.go says for each rule of the specification which of them hold it. What the harness cannot do is skipped,
// and says so; what its Nature excludes is not there.
func Run(t *testing.T, h Harness) {
	for _, part := range suite() {
		t.Run(part.name, func(t *testing.T) {
			for _, test := range part.tests {
				if !h.Nature.excludes(test.needs) {
					t.Run(test.name, func(t *testing.T) { test.run(t, h) })
				}
			}
		})
	}
}

// part is one subject of the suite.
type part struct {
	name  string
	tests []subtest
}

func suite() []part {
	return []part{
		{"Dial", dialTests},
		{"Handshake", handshakeTests},
		{"Wire", wireTests},
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
		{"Errors", errorTests},

		{"Concurrent", concurrentTests},
	}
}

// subtest is one promise of the contract.
type subtest struct {
	name  string
	needs need
	run   func(t *testing.T, h Harness)
}
