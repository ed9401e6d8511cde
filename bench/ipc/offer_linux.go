package ipc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

var offersSHM = sync.OnceValue(func() error { return ask(SHM.profile) })

// offered is a bench.Skip if the transport's package does not know the profile.
func (t Transport) offered() error {
	if t == SHM {
		return offersSHM()
	}
	return nil
}

// ask lets the transport make a session with itself in which nothing is possible but the profile.
func ask(p wire.Profile) error {
	runDir, err := newRunDir()
	if err != nil {
		return err
	}
	defer os.RemoveAll(runDir)
	l, err := posix.Listen(context.Background(), posix.ListenConfig{Config: config(runDir)})
	if err != nil {
		return err
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() { served <- shakeHands(l, p) }()
	d, err := posix.NewDialer(posix.DialConfig{Config: config(runDir)})
	if err != nil {
		return err
	}
	c, err := d.Dial(context.Background(), link.Proposal{Supported: p})
	if err == nil {
		err = c.Close()
	} else {
		l.Close() // nobody may have come
	}
	theirs := <-served
	if no := (*link.RefusedError)(nil); errors.As(err, &no) && no.Status == wire.StatusUnsupported {
		return bench.Skip(fmt.Sprintf("transport-posix does not offer %v here: %v", p, theirs))
	}
	return errors.Join(err, theirs)
}

// shakeHands takes in one client and waits until it goes: with the session would go what the client is about to attach.
func shakeHands(l link.Listener, p wire.Profile) error {
	in, err := l.Accept(context.Background())
	if err != nil {
		return err
	}
	c, err := in.Handshake(context.Background(), link.Settings{Supported: p, SessionID: 1})
	if err != nil {
		return err
	}
	if err = c.Recv(new(link.Message), nil); errors.Is(err, link.ErrPeerClosed) {
		err = nil
	}
	return errors.Join(err, c.Close())
}
