package cli

import (
	"runtime/debug"
	"testing"
)

func TestVersionOf(t *testing.T) {
	build := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		settings = append(settings, debug.BuildSetting{Key: "GOOS", Value: "linux"}, debug.BuildSetting{Key: "GOARCH", Value: "amd64"})
		return &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: version}, Settings: settings}
	}
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef"}
	for _, c := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{build("v0.1.0"), "v0.1.0 (go1.26.0 linux/amd64)"},
		{build("(devel)"), "devel (go1.26.0 linux/amd64)"},
		{build("", revision), "devel 0123456789ab (go1.26.0 linux/amd64)"},
		{build("(devel)", revision, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), "devel 0123456789ab+dirty (go1.26.0 linux/amd64)"},
		{build("v0.1.1-0.20260102030405-0123456789ab", revision), "v0.1.1-0.20260102030405-0123456789ab (go1.26.0 linux/amd64)"},
	} {
		if got := versionOf(c.info); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
