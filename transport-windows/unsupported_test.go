package windows

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

func TestUnsupportedSaysWhy(t *testing.T) {
	for goos, want := range map[string]string{
		"linux":   "linux",
		"darwin":  "darwin",
		"windows": "not in this version",
	} {
		if err := unsupported(goos); !strings.Contains(err.Error(), want) {
			t.Errorf("on %s: %q does not say %q", goos, err, want)
		}
	}
	if !errors.Is(ErrUnsupported, errors.ErrUnsupported) {
		t.Error("ErrUnsupported does not wrap errors.ErrUnsupported")
	}
	if ErrUnsupported.Error() != unsupported(runtime.GOOS).Error() {
		t.Errorf("ErrUnsupported is not about %s: %v", runtime.GOOS, ErrUnsupported)
	}
}
