package posix

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
)

func init() { roles["scarce"] = scarceRole }

// scarceRole lets the process have no further descriptor while something needs one.
func scarceRole() {
	dir := proctest.Args()[0]
	live := Config{RunDir: dir, Service: "live"}
	check := func(what string, err error, want ...error) {
		for _, w := range want {
			if !errors.Is(err, w) {
				proctest.Fail(fmt.Errorf("%s: %v, want %v", what, err, w))
			}
		}
	}
	l, err := Listen(context.Background(), ListenConfig{Config: live})
	if err != nil {
		proctest.Fail(err)
	}
	client, err := NewDialer(DialConfig{Config: live})
	if err != nil {
		proctest.Fail(err)
	}
	c, err := client.connect(context.Background(), patience())
	if err != nil {
		proctest.Fail(err)
	}
	release := exhaust()
	_, err = Listen(context.Background(), ListenConfig{Config: live})
	check("listen where a server is", err, link.ErrAddrInUse, syscall.EMFILE)
	_, err = Listen(context.Background(), ListenConfig{Config: Config{RunDir: dir, Service: "dead"}})
	check("listen where a dead one was", err, link.ErrAddrInUse, syscall.EMFILE)
	_, err = client.Dial(context.Background(), link.Proposal{})
	check("dial", err, syscall.EMFILE)
	_, err = Listen(context.Background(), ListenConfig{Config: Config{RunDir: dir, Service: "new"}})
	if check("listen where nothing is", err, syscall.EMFILE); errors.Is(err, link.ErrAddrInUse) {
		proctest.Fail(err)
	}
	accepted := make(chan error, 1)
	go func() {
		in, err := l.Accept(context.Background()) // rests until there are descriptors again
		if err == nil {
			err = in.Close()
		}
		accepted <- err
	}()
	proctest.Say("scarce")
	proctest.Hear()
	release()
	if err := <-accepted; err != nil {
		proctest.Fail(fmt.Errorf("accept: %w", err))
	}
	c.Close()
	release = exhaust()
	ctx, cancel := context.WithCancel(context.Background())
	go cancel()
	_, err = l.Accept(ctx)
	check("accept", err, context.Canceled)
	release()
	if err := l.Close(); err != nil {
		proctest.Fail(err)
	}
	proctest.Say("done")
	proctest.Hear()
}

// exhaust uses up the descriptors of the process, and returns what gives them back.
func exhaust() (release func()) {
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		proctest.Fail(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: old.Max}); err != nil {
		proctest.Fail(err)
	}
	var held []int
	for {
		fd, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			break
		}
		held = append(held, fd)
	}
	return func() {
		for _, fd := range held {
			syscall.Close(fd)
		}
	}
}

// Without descriptors a probe cannot run: what is there is kept, and called in use. Accept waits for better
// times.
func TestNoDescriptors(t *testing.T) {
	dir := runDir(t)
	stale(t, filepath.Join(dir, "dead.sock"))
	p := proctest.Start(t, "scarce", dir)
	p.Await("scarce")
	wantFiles(t, dir, "dead.sock", "live.lock", "live.sock")
	p.Tell("go on")
	p.Await("done")
	wantFiles(t, dir, "dead.sock")
	p.Wait()
}
