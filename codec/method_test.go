package codec_test

import (
	"testing"

	"github.com/plugin-ipc/netipc/codec"
)

// The numbers are the protocol's (spec 01): they never change.
func TestMethods(t *testing.T) {
	for n, c := range map[uint16]struct {
		method codec.Method
		name   string
	}{
		0:      {codec.Method(0), "method 0"},
		1:      {codec.MethodIncrement, "INCREMENT"},
		2:      {codec.MethodCgroupsSnapshot, "CGROUPS_SNAPSHOT"},
		3:      {codec.MethodStringReverse, "STRING_REVERSE"},
		4:      {codec.MethodCgroupsLookup, "CGROUPS_LOOKUP"},
		5:      {codec.MethodAppsLookup, "APPS_LOOKUP"},
		6:      {codec.Method(6), "method 6"},
		0x8000: {codec.MethodUser, "method 32768"},
	} {
		if c.method != codec.Method(n) || c.method.String() != c.name {
			t.Errorf("%d is %d, %q, want %q", n, c.method, c.method, c.name)
		}
	}
}
