package release

import (
	"os"
	"runtime"
	"time"
)

// waitForGo is how long a go command that is asked to end has to clean up.
const waitForGo = 5 * time.Second

// interrupt asks a process to end; where that is not possible it is killed.
func interrupt(p *os.Process) error {
	if runtime.GOOS == "windows" {
		return p.Kill()
	}
	return p.Signal(os.Interrupt)
}
