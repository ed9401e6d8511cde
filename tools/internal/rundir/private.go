package rundir

import (
	"os"
	"runtime"
)

// longestPrivate is how long a private directory's path may be, in bytes, so that sockets in it have an address:
// the shortest limit of any system is 103, and the longest name of a service here is 16 with its ending.
const longestPrivate = 80

// Private makes a directory that nobody else can enter, for sockets that nobody else is told of. Whoever makes
// it removes it, with everything in it.
func Private() (dir string, err error) {
	parent := os.TempDir()
	if len(parent) > longestPrivate-len("/netipc-4294967295") && runtime.GOOS != "windows" {
		parent = "/tmp"
	}
	return os.MkdirTemp(parent, "netipc-") // with mode 0700
}
