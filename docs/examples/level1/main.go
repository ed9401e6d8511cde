// Level1 holds a raw session over the POSIX transport, without the typed layer: headers, buffers, deadlines, and all
// the ways in which waiting can end.
//
//	go run ./docs/examples/level1
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "netipc-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	where := posix.Config{RunDir: dir, Service: "raw"}
	// The small buffer is for the end in the middle of an answer, below; the default is right otherwise.
	l, err := posix.Listen(ctx, posix.ListenConfig{Config: where, SendBuffer: 32 << 10})
	if err != nil {
		return err
	}
	defer l.Close()
	d, err := posix.NewDialer(posix.DialConfig{Config: where})
	if err != nil {
		return err
	}
	if err := pipeline(ctx, l, d, out); err != nil {
		return err
	}
	return ends(ctx, l, d, out)
}

// large is the size of an answer that does not fit the socket's buffer, in bytes.
const large = 512 << 10

// session makes one session and returns both of its ends, which a real program does not have in one place.
func session(ctx context.Context, l link.Listener, d link.Dialer) (client, server link.Conn, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	accepted := make(chan error, 1)
	go func() {
		in, err := l.Accept(ctx)
		if err == nil {
			// Accept does not talk to the client. A server shakes hands in a goroutine for each client, so that
			// a silent one holds up nobody.
			server, err = in.Handshake(ctx, link.Settings{SessionID: 1, ResponsePayload: large})
		}
		accepted <- err
	}()

	client, err = d.Dial(ctx, link.Proposal{})
	if err != nil {
		cancel() // nobody is coming
	}
	if err = errors.Join(err, <-accepted); err != nil {
		for _, c := range []link.Conn{client, server} {
			if c != nil {
				c.Close()
			}
		}
		return nil, nil, err
	}
	return client, server, nil
}

// pipeline sends two requests before it reads an answer. The answers come in the server's order: the message id says
// which is whose.
func pipeline(ctx context.Context, l link.Listener, d link.Dialer, out io.Writer) error {
	client, server, err := session(ctx, l, d)
	if err != nil {
		return err
	}
	defer client.Close()
	defer server.Close()

	served := make(chan error, 1)
	go func() { served <- answerTwo(server) }()

	// One deadline for all that follows. It begins to run when somebody first has to wait.
	deadline := link.Within(5 * time.Second)
	for i, v := range []uint64{41, 99} {
		if err := send(client, wire.KindRequest, uint64(i+1), v, &deadline); err != nil {
			return err
		}
	}
	var m link.Message // one for all answers: its buffer is used again
	for range 2 {
		if err := client.Recv(&m, &deadline); err != nil {
			return err
		}
		v, err := increment.DecodeResponse(m.Payload) // borrowed until the next Recv
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "request %d: %d\n", m.Header.MessageID, v)
	}
	return <-served
}

// answerTwo reads two requests and answers the later one first.
func answerTwo(server link.Conn) error {
	deadline := link.Within(5 * time.Second)
	var m [2]link.Message
	for i := range m {
		if err := server.Recv(&m[i], &deadline); err != nil {
			return err
		}
	}
	for _, i := range []int{1, 0} {
		v, err := increment.DecodeRequest(m[i].Payload)
		if err != nil {
			return err
		}
		if err := send(server, wire.KindResponse, m[i].Header.MessageID, v+1, &deadline); err != nil {
			return err
		}
	}
	return nil
}

// send sends one number, which lies in requests and responses alike.
func send(c link.Conn, kind wire.Kind, id, v uint64, d *link.Deadline) error {
	b, err := c.Reserve(increment.Size) // the session's own buffer: what is written here is what is sent
	if err != nil {
		return err
	}
	n, err := increment.EncodeRequest(b, v)
	if err != nil {
		c.Cancel()
		return err
	}
	return c.Commit(header(kind, id), n, d)
}

func header(kind wire.Kind, id uint64) wire.Header {
	return wire.Header{Kind: kind, Code: uint16(codec.MethodIncrement), ItemCount: 1, MessageID: id}
}

var errChangedMind = errors.New("we do not want it any more")

// ends lets a client wait for answers that do not come, each time for another reason, and tells the reasons apart.
func ends(ctx context.Context, l link.Listener, d link.Dialer, out io.Writer) error {
	for _, end := range []struct {
		how  string
		make func(client, server link.Conn) error
	}{
		{"nobody answers", func(_, _ link.Conn) error { return nil }},
		{"another goroutine interrupts", func(client, _ link.Conn) error {
			client.Interrupt(link.SideRecv, errChangedMind)
			return nil
		}},
		{"the server leaves in good order", func(_, server link.Conn) error { return server.Close() }},
		{"the server leaves in the middle of an answer", cutShort},
		{"the server answers what nobody asked", func(_, server link.Conn) error {
			return send(server, wire.KindResponse, 99, 42, nil)
		}},
		{"this side closes", func(client, _ link.Conn) error { return client.Close() }},
	} {
		client, server, err := session(ctx, l, d)
		if err != nil {
			return err
		}
		err = end.make(client, server)
		if err == nil {
			deadline := link.Within(20 * time.Millisecond)
			fmt.Fprintf(out, "%s: %s\n", end.how, why(client.Recv(new(link.Message), &deadline)))
		}
		if err := errors.Join(err, client.Close(), server.Close()); err != nil {
			return err
		}
	}
	return nil
}

// cutShort sends the beginning of an answer. The deadline passes because the client does not read meanwhile; what is
// cut cannot be mended, so the session is over on this side too.
func cutShort(client, server link.Conn) error {
	if err := send(client, wire.KindRequest, 1, 41, nil); err != nil {
		return err
	}
	if _, err := server.Reserve(large); err != nil {
		return err
	}
	deadline := link.Within(20 * time.Millisecond)
	err := server.Commit(header(wire.KindResponse, 1), large, &deadline)
	if !errors.Is(err, link.ErrCut) || !errors.Is(err, link.ErrTimeout) {
		return fmt.Errorf("an answer that nobody reads: %v", err)
	}
	return server.Close()
}

// why says what the error of a Recv means to its caller.
func why(err error) string {
	switch {
	case errors.Is(err, link.ErrTimeout):
		return "timeout, the session goes on"
	case errors.Is(err, errChangedMind):
		return "interrupted, the session goes on"
	case errors.Is(err, link.ErrPeerClosed):
		return "closed by the peer, nothing is lost"
	case errors.Is(err, link.ErrReset):
		return "broken, what was under way is lost"
	case errors.Is(err, link.ErrProtocol):
		return "a violation of the protocol"
	case errors.Is(err, link.ErrClosed):
		return "closed here"
	}
	return fmt.Sprint("not expected: ", err)
}
