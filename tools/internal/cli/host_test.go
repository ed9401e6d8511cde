package cli_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
)

// needCgroups skips a test on systems that have none.
func needCgroups(t *testing.T) {
	t.Helper()
	if _, err := hostcgroups.Detect(hostcgroups.Config{}); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
}

func hexBytes(digits string) ([]byte, error) { return hex.DecodeString(digits) }
