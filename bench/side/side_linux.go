package side

import (
	"errors"
	"os"

	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
)

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
