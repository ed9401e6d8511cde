package side

import (
	"errors"
	"os"
	"time"

	"github.com/plugin-ipc/netipc/bench/internal/sys"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
)

// BothCPU returns a function for Paced.
func BothCPU(other *peer.Process) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		here, err := sys.CPUTime(0)
		if err != nil {
			return 0, err
		}
		there, err := sys.CPUTime(other.PID())
		return here + there, err
	}
}

// Start starts the other side where it belongs. The stop that it returns ends it, takes this side to where it was,
// and adds to *err what either has to say.
func Start(where place.Placement, role string, file *os.File) (other *peer.Process, stop func(err *error), err error) {
	leave, err := where.Start(func() (err error) {
		other, err = peer.Start(role, file)
		return err
	})
	if err != nil {
		if other != nil {
			_, stopErr := other.Stop()
			err = errors.Join(err, stopErr)
		}
		return nil, nil, err
	}
	return other, func(err *error) {
		_, stopErr := other.Stop()
		*err = errors.Join(*err, stopErr, leave())
	}, nil
}
