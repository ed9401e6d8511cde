package wire

import "strconv"

// Status is the outcome of a message's delivery. A business outcome never travels here.
type Status uint16

// The statuses.
const (
	StatusOK            Status = 0
	StatusBadEnvelope   Status = 1
	StatusAuthFailed    Status = 2
	StatusIncompatible  Status = 3
	StatusUnsupported   Status = 4
	StatusLimitExceeded Status = 5
	StatusInternalError Status = 6
)

var statusNames = [...]string{
	StatusOK:            "OK",
	StatusBadEnvelope:   "BAD_ENVELOPE",
	StatusAuthFailed:    "AUTH_FAILED",
	StatusIncompatible:  "INCOMPATIBLE",
	StatusUnsupported:   "UNSUPPORTED",
	StatusLimitExceeded: "LIMIT_EXCEEDED",
	StatusInternalError: "INTERNAL_ERROR",
}

// String returns the status's name in the specification, or its number.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "status " + strconv.Itoa(int(s))
}
