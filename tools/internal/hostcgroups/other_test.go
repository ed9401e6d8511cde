//go:build !linux

package hostcgroups

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

func TestUnsupported(t *testing.T) {
	_, _, err := New(Config{}).List(t.Context(), nil)
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), runtime.GOOS) {
		t.Errorf("List: %v", err)
	}
	if _, err := Detect(Config{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Detect: %v", err)
	}
}
