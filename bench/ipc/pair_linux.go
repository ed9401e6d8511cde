package ipc

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/side"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// orders are what the other side is told.
type orders struct {
	RunDir  string
	Profile wire.Profile
	Answer  int // bytes of each answer; 0: that of INCREMENT

	Items    int  // of a snapshot
	Changing bool // the last item changes from answer to answer
}

// Roles returns the other sides, for peer.Main.
func Roles() map[string]peer.Role {
	return map[string]peer.Role{
		roleIncrement: ordered(serveIncrement),
		roleLevel1:    ordered(serveLevel1),
		roleDeployed:  ordered(serveDeployed),
		roleLookup:    ordered(serveLookup),
		roleSnapshot:  ordered(serveSnapshot),
	}
}

// ordered hands the orders, which come on the first file, to what the role does.
func ordered(serve func(orders) error) peer.Role {
	return func() error {
		in := os.NewFile(peer.FirstFile, "orders")
		var o orders
		err := json.NewDecoder(in).Decode(&o)
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
		return serve(o)
	}
}

// pair is another process and where to meet it.
type pair struct {
	where posix.Config
	other *peer.Process
}

// start starts the role with these orders, in a directory of their own. stop ends it, and adds to *err what there is
// to say.
func start(where place.Placement, role string, o orders) (_ pair, stop func(err *error), err error) {
	if o.RunDir, err = newRunDir(); err != nil {
		return pair{}, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(o.RunDir))
		}
	}()
	told, tell, err := os.Pipe()
	if err != nil {
		return pair{}, nil, err
	}
	defer told.Close()
	err = json.NewEncoder(tell).Encode(o)
	if err = errors.Join(err, tell.Close()); err != nil {
		return pair{}, nil, err
	}
	other, end, err := side.Start(where, role, told)
	if err != nil {
		return pair{}, nil, err
	}
	return pair{config(o.RunDir), other}, func(err *error) {
		end(err)
		*err = errors.Join(*err, os.RemoveAll(o.RunDir))
	}, nil
}

// shared is where memory is a file system, as the run directory of a service is. A region on a disk would be written
// back to it every few seconds.
const shared = "/dev/shm"

// newRunDir makes a run directory, in memory where that can be.
func newRunDir() (string, error) {
	if dir, err := os.MkdirTemp(shared, "netipc-bench-"); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", "netipc-bench-")
}

func config(runDir string) posix.Config { return posix.Config{RunDir: runDir, Service: "increment"} }

// once waits until the other side is there, and connects.
func once[T any](ctx context.Context, connect func() (T, error)) (T, error) {
	for {
		c, err := connect()
		if !errors.Is(err, link.ErrNotFound) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return c, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}
