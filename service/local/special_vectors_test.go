//go:build linux || freebsd

package local_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// special is negotiation/special.json: what was seen of deployed servers beside their answers.
type special struct {
	mode     string // of the socket's file
	sessions []struct {
		Status    *wire.Status   `json:"transport_status"`
		SessionID vectortest.U64 `json:"session_id"`
		Outcome   string         `json:"outcome"`
	}
	workers []struct {
		Increment string `json:"increment"`
		AfterLeft string `json:"after_one_left"`
	}
	regions json.RawMessage // steps in the life of regions of shared memory
}

// UnmarshalJSON finds a section by the beginning of its name; the rest of it are explanations.
func (s *special) UnmarshalJSON(b []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for name, raw := range all {
		var err error
		switch {
		case name == "socket_file_mode":
			err = json.Unmarshal(raw, &s.mode)
		case strings.HasPrefix(name, "session_id_sequence "):
			err = json.Unmarshal(raw, &s.sessions)
		case strings.HasPrefix(name, "worker_limit_"):
			err = json.Unmarshal(raw, &s.workers)
		case name == "shm_lifecycle":
			s.regions = raw
		case strings.HasPrefix(name, "second_client_"):
		default:
			err = errors.New("nobody judges " + name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TestVectorSpecial judges negotiation/special.json.
func TestVectorSpecial(t *testing.T) {
	for _, f := range vectortest.Files(t, "negotiation") {
		if f.Family != "special" {
			continue
		}
		var peers struct{ C, Go special }
		vectortest.Into(t, vectortest.Read(t, f), &peers)
		for name, s := range map[string]special{"c": peers.C, "go": peers.Go} {
			if s.mode == "" || len(s.sessions) == 0 || len(s.workers) == 0 || s.regions == nil {
				t.Fatalf("%s: a section is missing: %+v", name, s)
			}
			t.Run(name+"/sessions", func(t *testing.T) { s.judgeSessions(t) })
			t.Run(name+"/workers", func(t *testing.T) { s.judgeWorkers(t) })
			t.Run(name+"/regions", func(t *testing.T) { s.judgeRegions(t) })
		}
		t.Run("mode", func(t *testing.T) { peers.C.judgeMode(t) }) // that of the Go server is the umask's (D16)
	}
}

const specialToken = 77

// specialServer is a server that knows a token.
func specialServer(t *testing.T, sessions int) (runDir string) {
	t.Helper()
	runDir = shortDir(t)
	l, err := posix.Listen(t.Context(), posix.ListenConfig{Config: posix.Config{RunDir: runDir, Service: "replay"}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := service.ServerConfig{AuthToken: specialToken, MaxSessions: sessions, Logger: slog.New(slog.DiscardHandler)}
	running(t, increment.NewServer(l, cfg, increment.Next).Serve)
	return runDir
}

func (s *special) judgeMode(t *testing.T) {
	runDir := specialServer(t, 0)
	fi, err := os.Stat(runDir + "/replay.sock")
	if err != nil || fi.Mode().Perm().String() != s.mode {
		t.Errorf("%v, %v, recorded %s", fi.Mode(), err, s.mode)
	}
}

// judgeSessions: ids may count connections or sessions (15-h), so ours are to increase, and no more. Nobody waits for
// the silent client, where deployed servers let everybody wait.
func (s *special) judgeSessions(t *testing.T) {
	runDir := specialServer(t, 0)
	good := link.Proposal{AuthToken: specialToken}.WithDefaults(wire.ProfileBaseline, 4096)
	said := [][]byte{
		link.AppendHello(nil, good),
		link.AppendHello(nil, link.Proposal{}.WithDefaults(wire.ProfileBaseline, 4096)),
		link.AppendHello(nil, link.Proposal{AuthToken: specialToken}.WithDefaults(1<<20, 4096)),
		[]byte("garbage"),
		link.AppendHello(nil, good),
		link.AppendHello(nil, good),
	}
	if len(said) != len(s.sessions) {
		t.Fatalf("%d clients were recorded", len(s.sessions))
	}
	last := uint64(0)
	buf := make([]byte, 1<<10)
	for i, want := range s.sessions {
		if i == len(said)-1 {
			dialRaw(t, runDir) // says nothing, and stays
		}
		conn := dialRaw(t, runDir)
		if _, err := conn.Write(said[i]); err != nil {
			t.Fatal(err)
		}
		n, err := read(conn, buf)
		switch {
		case want.Status == nil:
			if n != 0 || nonTimeout(err) != nil {
				t.Errorf("client %d was answered %s, %v, recorded %s", i, describe(buf[:n]), err, want.Outcome)
			}
		case err != nil || status(buf[:n]) != *want.Status:
			t.Errorf("client %d was answered %s, %v, recorded %v", i, describe(buf[:n]), err, *want.Status)
		case *want.Status == wire.StatusOK:
			ack, err := wire.DecodeHelloAck(buf[wire.HeaderSize:n])
			if err != nil || ack.SessionID <= last {
				t.Errorf("client %d has session %d after %d, %v", i, ack.SessionID, last, err)
			}
			last = ack.SessionID
		}
	}
}

// judgeWorkers: there are two places. Who gets one is served; the others are refused with INTERNAL_ERROR before they
// believe in a session (15-i), where deployed servers accept and close.
func (s *special) judgeWorkers(t *testing.T) {
	runDir := specialServer(t, 2)
	hello := link.AppendHello(nil, link.Proposal{AuthToken: specialToken}.WithDefaults(wire.ProfileBaseline, 4096))
	join := func() (net.Conn, wire.Status) {
		conn := dialRaw(t, runDir)
		buf := make([]byte, 1<<10)
		if _, err := conn.Write(hello); err != nil {
			t.Fatal(err)
		}
		n, err := read(conn, buf)
		if err != nil {
			t.Fatal(err)
		}
		return conn, status(buf[:n])
	}
	served := func(conn net.Conn) bool {
		buf := make([]byte, 1<<10)
		if _, err := conn.Write(incrementRequest(1, 41)); err != nil {
			return false
		}
		n, err := conn.Read(buf)
		return err == nil && n == wire.HeaderSize+8 && buf[wire.HeaderSize] == 42
	}
	var seated []net.Conn
	for i, want := range s.workers {
		if want.AfterLeft != "" {
			seated[0].Close()
			conn, got := join()
			for until := time.Now().Add(patience); got == wire.StatusInternalError && time.Now().Before(until); {
				conn, got = join() // the server has not noticed yet
			}
			if got != wire.StatusOK || !served(conn) {
				t.Errorf("after one left: %v", got)
			}
			continue
		}
		conn, got := join()
		switch {
		case want.Increment == "answered":
			seated = append(seated, conn)
			if got != wire.StatusOK || !served(conn) {
				t.Errorf("client %d: %v", i, got)
			}
		case got != wire.StatusInternalError:
			t.Errorf("client %d, for whom there is no place: %v", i, got)
		default:
			if n, err := read(conn, make([]byte, 1)); n != 0 || nonTimeout(err) != nil {
				t.Errorf("client %d: %d bytes after the refusal, %v", i, n, err)
			}
		}
	}
}
