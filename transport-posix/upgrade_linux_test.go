package posix

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/transport-posix/internal/proctest"
	"github.com/plugin-ipc/netipc/transport-posix/internal/shm"
	"github.com/plugin-ipc/netipc/transport-posix/internal/sys"
)

func init() {
	roles["region"] = func() {
		if _, err := shm.Create(proctest.Args()[0], smallRegion); err != nil {
			proctest.Fail(err)
		}
		proctest.Say("there")
		proctest.Hear()
	}
}

const both = wire.ProfileBaseline | wire.ProfileSHMHybrid

var smallRegion = shm.Geometry{RequestOffset: 64, RequestCapacity: 64, ResponseOffset: 128, ResponseCapacity: 64}

// serveBoth accepts, shakes hands with s, sessions being counted, and echoes, until the listener is closed.
func serveBoth(l *Listener, s link.Settings) {
	for {
		in, err := l.Accept(context.Background())
		if err != nil {
			return
		}
		s.SessionID++
		go func(s link.Settings) {
			if c, err := in.Handshake(context.Background(), s); err == nil {
				defer c.Close()
				echo(c)
			}
		}(s)
	}
}

// wantProfile dials and makes a call on a session of a profile.
func wantProfile(tb testing.TB, d *Dialer, proposed, got wire.Profile) link.Conn {
	tb.Helper()
	c, err := d.Dial(tb.Context(), link.Proposal{Supported: proposed})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	if p := c.Info().Profile; p != got {
		tb.Errorf("profile %v, want %v", p, got)
	}
	wantEcho(tb, c)
	return c
}

// awaitFiles waits until these files are in a directory and no others.
func awaitFiles(tb testing.TB, dir string, want ...string) {
	tb.Helper()
	limit := patience()
	for strings.Join(files(tb, dir), " ") != strings.Join(want, " ") {
		if err := pause(tb.Context(), time.Millisecond, limit); err != nil {
			tb.Fatalf("in the run directory: %q, want %q: %v", files(tb, dir), want, err)
		}
	}
}

// leaveRegion writes a region as a server leaves it that knows of no lock.
func leaveRegion(tb testing.TB, path string, pid int) {
	tb.Helper()
	r, err := shm.Create(path, smallRegion)
	if err != nil {
		tb.Fatal(err)
	}
	b := append([]byte(nil), r.Memory()...)
	if err := errors.Join(r.Remove(), r.Close()); err != nil {
		tb.Fatal(err)
	}
	binary.NativeEndian.PutUint32(b[shm.OffOwnerPID:], uint32(pid))
	if err := os.WriteFile(path, b, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// impatient is a dialer that waits for a region no longer than a moment.
func impatient(tb testing.TB, cfg Config) *Dialer {
	tb.Helper()
	d, err := NewDialer(DialConfig{Config: cfg, AttachTimeout: 20 * time.Millisecond})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// A session over shared memory has a region of the agreed size as long as it lives, and what it agreed on is said on
// both sides.
func TestSharedMemory(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	client, server := linktest.Connect(t, l, dialing(t, cfg),
		link.Proposal{Supported: both, RequestPayload: 1000}, link.Settings{Supported: both, ResponsePayload: 3000, SessionID: 0xfe})
	for _, c := range []link.Conn{client, server} {
		if i := c.Info(); i.Profile != wire.ProfileSHMHybrid || i.SessionID != 0xfe || i.Limits.RequestPayload != 1000 || i.Limits.ResponsePayload != 3000 {
			t.Errorf("%+v", i)
		}
	}
	if d := client.Info().Depth; d != 1 {
		t.Errorf("depth %d", d)
	}
	const name = "svc-00000000000000fe.ipcshm"
	wantFiles(t, cfg.RunDir, name, "svc.lock", "svc.sock")
	st := new(syscall.Stat_t)
	if err := syscall.Stat(cfg.RunDir+"/"+name, st); err != nil || st.Mode&0o7777 != 0o600 || st.Size != 64+1088+3072 {
		t.Errorf("mode %o, %d bytes, %v", st.Mode&0o7777, st.Size, err)
	}
	echoed := make(chan error, 1)
	go func() { echoed <- echo(server) }()
	wantEcho(t, client)
	client.Close()
	if err := linktest.Await(t, "the server", echoed); !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
		t.Errorf("after the client has left: %v", err)
	}
	server.Close()
	wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
}

// Shared memory is for two who both want it; nobody gets it unasked.
func TestSharedMemoryIsChosenByBoth(t *testing.T) {
	for _, c := range []struct{ client, server, got wire.Profile }{
		{0, both, wire.ProfileBaseline},
		{both, 0, wire.ProfileBaseline},
		{both, both, wire.ProfileSHMHybrid},
		{wire.ProfileSHMHybrid, both, wire.ProfileSHMHybrid},
		{both | wire.ProfileSHMFutex, both | wire.ProfileSHMFutex, wire.ProfileSHMHybrid},
		{wire.ProfileBaseline | wire.ProfileSHMFutex, both | wire.ProfileSHMFutex, wire.ProfileBaseline},
	} {
		cfg := fresh(t)
		go serveBoth(listening(t, ListenConfig{Config: cfg}), link.Settings{Supported: c.server})
		wantProfile(t, dialing(t, cfg), c.client, c.got)
	}
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	dialed, _ := shake(t, l, dialing(t, cfg), link.Proposal{Supported: wire.ProfileSHMFutex}, link.Settings{Supported: both | wire.ProfileSHMFutex})
	wantRefused(t, dialed, "UNSUPPORTED")
	client, _ := linktest.Connect(t, l, dialing(t, cfg), link.Proposal{Supported: both, Preferred: wire.ProfileBaseline}, link.Settings{Supported: both})
	if p := client.Info().Profile; p != wire.ProfileBaseline {
		t.Errorf("who prefers baseline has %v", p)
	}
}

// Where a server cannot make a region, the session is a baseline one. Who wants nothing else is told that the cause
// passes, and has it when it has.
func TestServerCannotShare(t *testing.T) {
	cfg := fresh(t)
	go serveBoth(listening(t, ListenConfig{Config: cfg}), link.Settings{Supported: both})
	d := dialing(t, cfg)
	t.Cleanup(func() { sys.FailReserve(nil) })
	for _, fault := range []error{syscall.EPERM, syscall.ENOSPC, syscall.EOPNOTSUPP} {
		sys.FailReserve(fault)
		wantProfile(t, d, both, wire.ProfileBaseline).Close()
		_, err := d.Dial(t.Context(), link.Proposal{Supported: wire.ProfileSHMHybrid})
		wantRefused(t, err, "INTERNAL_ERROR")
		wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
		sys.FailReserve(nil)
		wantProfile(t, d, wire.ProfileSHMHybrid, wire.ProfileSHMHybrid).Close()
		wantProfile(t, d, both, wire.ProfileSHMHybrid).Close()
		awaitFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
	}
}

// The server says why there is no region.
func TestServerSaysWhyNot(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	sys.FailReserve(syscall.EPERM)
	t.Cleanup(func() { sys.FailReserve(nil) })
	dialed, shook := shake(t, l, dialing(t, cfg), link.Proposal{Supported: wire.ProfileSHMHybrid}, link.Settings{Supported: both})
	wantRefused(t, dialed, "INTERNAL_ERROR")
	wantRefused(t, shook, "INTERNAL_ERROR", "fallocate", "svc-0000000000000000.ipcshm")
	sys.FailReserve(nil)
	_, shook = shake(t, l, dialing(t, cfg),
		link.Proposal{Supported: wire.ProfileSHMHybrid, RequestPayload: 1<<32 - 1}, link.Settings{Supported: both, RequestPayload: 1<<32 - 1})
	wantRefused(t, shook, "INTERNAL_ERROR", "4294967295")
}

// Limits that no header can describe leave the baseline.
func TestTooLargeToShare(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	client, server := linktest.Connect(t, l, dialing(t, cfg),
		link.Proposal{Supported: both, RequestPayload: 1<<32 - 40}, link.Settings{Supported: both, RequestPayload: 1<<32 - 1})
	for _, c := range []link.Conn{client, server} {
		if i := c.Info(); i.Profile != wire.ProfileBaseline || i.Limits.RequestPayload != 1<<32-40 {
			t.Errorf("%+v", i)
		}
	}
}

// A real file system that is full.
func TestNoSpace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	cfg := fresh(t)
	if err := syscall.Mount("netipc", cfg.RunDir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(cfg.RunDir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	l := listening(t, ListenConfig{Config: cfg})
	go serveBoth(l, link.Settings{Supported: both, ResponsePayload: 8192})
	d := dialing(t, cfg)
	wantProfile(t, d, both, wire.ProfileSHMHybrid).Close()
	awaitFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
	full, err := os.Create(cfg.RunDir + "/filler")
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for err == nil {
		_, err = full.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	wantProfile(t, d, both, wire.ProfileBaseline)
	wantFiles(t, cfg.RunDir, "filler", "svc.lock", "svc.sock")
	if err := full.Truncate(0); err != nil {
		t.Fatal(err)
	}
	wantProfile(t, d, both, wire.ProfileSHMHybrid)
}

// A client whose file mode 0600 keeps out is not sent there.
func TestOtherUsersDoNotShare(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg, AllowAnyUID: true})
	d := dialing(t, cfg)
	got := make(chan link.Conn, 1)
	go func() {
		c, err := d.Dial(context.Background(), link.Proposal{Supported: both})
		if err != nil {
			t.Error(err)
		}
		got <- c
	}()
	in := accepted(t, l)
	in.peer.UID = 4000000000
	s, err := in.Handshake(t.Context(), link.Settings{Supported: both})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := linktest.Await(t, "Dial", got)
	defer c.Close()
	if p := c.Info().Profile; p != wire.ProfileBaseline {
		t.Errorf("profile %v", p)
	}
}

// claims is a server that acknowledges shared memory to its first client, and serves the next ones well.
func claims(t *testing.T, l *Listener, session uint64, left func()) {
	go func() {
		in, err := l.next(context.Background())
		if err != nil {
			return
		}
		hello, err := readHello(in.conn, in.mayServe, patience())
		if err != nil {
			t.Error(err)
			return
		}
		if left != nil {
			left()
		}
		ack, _ := link.Negotiate(hello, link.Settings{Supported: both, SessionID: session}.WithDefaults(both, 4096))
		if err := in.conn.WritePacket(link.AppendAck(nil, ack), patience()); err != nil {
			t.Error(err)
		}
		if _, _, err := in.conn.ReadPacket(nil, 1, nil); !errors.Is(err, link.ErrPeerClosed) && !errors.Is(err, link.ErrReset) {
			t.Errorf("the client is still there: %v", err)
		}
		in.conn.Close()
		serveBoth(l, link.Settings{Supported: both})
	}()
}

// A client that cannot attach connects again without shared memory, once and for all, and works.
func TestClientCannotAttach(t *testing.T) {
	write := func(path string, change func(b []byte) []byte) func() {
		return func() {
			leaveRegion(t, path, os.Getpid())
			b, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, change(b), 0o600)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	for name, change := range map[string]func(b []byte) []byte{
		"missing":   nil,
		"short":     func(b []byte) []byte { return b[:63] },
		"truncated": func(b []byte) []byte { return b[:len(b)-1] },
		"magic":     func(b []byte) []byte { b[0]++; return b },
		"zero":      func(b []byte) []byte { return make([]byte, len(b)) },
		"version":   func(b []byte) []byte { binary.NativeEndian.PutUint16(b[shm.OffVersion:], 4); return b },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := fresh(t)
			l := listening(t, ListenConfig{Config: cfg})
			var left func()
			if change != nil {
				left = write(shm.Path(cfg.RunDir, "svc", 900), change)
			}
			claims(t, l, 900, left)
			d := impatient(t, cfg)
			wantProfile(t, d, both, wire.ProfileBaseline)
			wantProfile(t, d, both, wire.ProfileBaseline)                   // it remembers
			wantProfile(t, d, wire.ProfileSHMHybrid, wire.ProfileSHMHybrid) // unless it wants nothing else
			wantProfile(t, dialing(t, cfg), both, wire.ProfileSHMHybrid)    // nor does another client
			if err := syscall.Unlink(shm.Path(cfg.RunDir, "svc", 900)); change != nil && err != nil {
				t.Errorf("the client has removed what is not its own: %v", err)
			}
		})
	}
}

// A client that wants shared memory and nothing else says what is in the way, and tries again when asked.
func TestClientWantsNothingElse(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	claims(t, l, 900, nil)
	d := impatient(t, cfg)
	_, err := d.Dial(t.Context(), link.Proposal{Supported: wire.ProfileSHMHybrid})
	if !errors.Is(err, ErrCannotAttach) || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "svc-0000000000000384.ipcshm") {
		t.Errorf("%v", err)
	}
	wantProfile(t, d, wire.ProfileSHMHybrid, wire.ProfileSHMHybrid)
	wantProfile(t, d, both, wire.ProfileSHMHybrid)
}

// What passes by itself makes a client give up nothing: it lacks descriptors, its context ends, the server leaves.
func TestClientDoesNotGiveUp(t *testing.T) {
	d := dialing(t, fresh(t))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	missing := fmt.Errorf("%w: %w", ErrCannotAttach, os.ErrNotExist)
	for name, c := range map[string]struct {
		ctx   context.Context
		err   error
		again bool
	}{
		"scarce":   {t.Context(), fmt.Errorf("%w: %w", ErrCannotAttach, syscall.EMFILE), true},
		"canceled": {canceled, missing, false},
		"left":     {t.Context(), link.ErrPeerClosed, false},
	} {
		if again := d.fallsBack(c.ctx, link.Proposal{Supported: both}, c.err); again != c.again || d.givenUp.Load() != 0 {
			t.Errorf("%s: %v, given up %#x", name, again, d.givenUp.Load())
		}
	}
	if d.fallsBack(t.Context(), link.Proposal{Supported: wire.ProfileSHMHybrid}, missing) || d.givenUp.Load() != 0 {
		t.Error("who wants nothing else fell back")
	}
	if !d.fallsBack(t.Context(), link.Proposal{Supported: both}, missing) || d.givenUp.Load() == 0 {
		t.Error("what does not pass was not remembered")
	}
}

// A server that leaves before the region is there is not waited for.
func TestServerLeavesBeforeTheRegion(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	go func() {
		in, err := l.next(context.Background())
		if err != nil {
			return
		}
		hello, _ := readHello(in.conn, in.mayServe, patience())
		ack, _ := link.Negotiate(hello, link.Settings{Supported: both}.WithDefaults(both, 4096))
		in.conn.WritePacket(link.AppendAck(nil, ack), patience())
		in.conn.Close()
	}()
	d := dialing(t, cfg)
	if _, err := d.Dial(t.Context(), link.Proposal{Supported: both}); !errors.Is(err, link.ErrPeerClosed) || errors.Is(err, ErrCannotAttach) {
		t.Errorf("%v", err)
	}
	if d.givenUp.Load() != 0 {
		t.Error("shared memory was given up for it")
	}
}

// A region that belongs to a stranger is not the server's.
func TestTrusted(t *testing.T) {
	me := uint32(os.Geteuid())
	for _, c := range []struct {
		uid    uint32
		server link.Peer
		want   bool
	}{
		{1001, link.Peer{Known: true, UID: 1001}, true},
		{0, link.Peer{Known: true, UID: 1001}, true},
		{me, link.Peer{Known: true, UID: 1001}, true},
		{1002, link.Peer{Known: true, UID: 1001}, false},
		{1002, link.Peer{}, true},
	} {
		if got := trusted(c.uid, c.server); got != c.want {
			t.Errorf("a region of uid %d, a server %+v: %v", c.uid, c.server, got)
		}
	}
}

// A client that leaves before it is answered leaves no region behind.
func TestClientLeavesBeforeTheAnswer(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	for range 20 {
		c := connected(t, cfg)
		if err := c.WritePacket(link.AppendHello(nil, link.Proposal{Supported: both}.WithDefaults(both, 1000)), patience()); err != nil {
			t.Fatal(err)
		}
		in := accepted(t, l)
		c.abort()
		if s, err := in.Handshake(t.Context(), link.Settings{Supported: both}); err == nil {
			s.Close() // it was told before the client had left
		}
		wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
	}
	ctx, cancel := context.WithCancel(t.Context())
	connected(t, cfg)
	in := accepted(t, l)
	cancel()
	if _, err := in.Handshake(ctx, link.Settings{Supported: both}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	wantFiles(t, cfg.RunDir, "svc.lock", "svc.sock")
}

// Regions of the dead give way; that of a live owner stays, and the session takes the next id, as do those after it.
func TestNamesOfRegionsThatAreTaken(t *testing.T) {
	cfg := fresh(t)
	l := listening(t, ListenConfig{Config: cfg})
	path := func(session uint64) string { return shm.Path(cfg.RunDir, cfg.Service, session) }
	gone := proctest.Start(t, "region", path(2))
	gone.Await("there")
	gone.Kill9()
	leaveRegion(t, path(1), os.Getpid())
	if err := os.Symlink("nowhere", path(3)); err != nil {
		t.Fatal(err)
	}
	live := proctest.Start(t, "region", path(4))
	live.Await("there")
	before, err := os.Stat(path(4))
	if err != nil {
		t.Fatal(err)
	}
	leaveRegion(t, path(5), live.PID()) // one without a lock
	go serveBoth(l, link.Settings{Supported: both})
	d := dialing(t, cfg)
	for _, want := range []uint64{1, 2, 3, 6, 7} {
		if id := wantProfile(t, d, both, wire.ProfileSHMHybrid).Info().SessionID; id != want {
			t.Errorf("session %d, want %d", id, want)
		}
	}
	if id := wantProfile(t, d, wire.ProfileBaseline, wire.ProfileBaseline).Info().SessionID; id != 8 {
		t.Errorf("session %d, want 8", id)
	}
	if after, err := os.Stat(path(4)); err != nil || !os.SameFile(before, after) {
		t.Errorf("the region of a live owner was replaced: %v", err)
	}
}

// Who starts removes the regions of the dead, and only these.
func TestStartRemovesRegions(t *testing.T) {
	cfg := fresh(t)
	path := func(service string, session uint64) string { return shm.Path(cfg.RunDir, service, session) }
	live := proctest.Start(t, "region", path("svc", 3))
	live.Await("there")
	gone := proctest.Start(t, "region", path("svc", 4))
	gone.Await("there")
	gone.Kill9()
	leaveRegion(t, path("svc", 1), os.Getpid())
	leaveRegion(t, path("svc", 2), live.PID())
	leaveRegion(t, path("svc-a", 1), os.Getpid())
	if err := os.WriteFile(path("svc", 5), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := listening(t, ListenConfig{Config: cfg})
	left := []string{"svc-0000000000000002.ipcshm", "svc-0000000000000003.ipcshm", "svc-a-0000000000000001.ipcshm"}
	wantFiles(t, cfg.RunDir, append(left, "svc.lock", "svc.sock")...)
	client, server := linktest.Connect(t, l, dialing(t, cfg), link.Proposal{Supported: both}, link.Settings{Supported: both, SessionID: 9})
	l.Close()
	next := listening(t, ListenConfig{Config: cfg}) // the sessions of the former go on
	echoed := make(chan error, 1)
	go func() { echoed <- echo(server) }()
	wantEcho(t, client)
	client.Close()
	linktest.Await(t, "the server", echoed)
	server.Close()
	next.Close()
	wantFiles(t, cfg.RunDir, left...)
}

func TestInspectAndCleanRegions(t *testing.T) {
	dir := runDir(t)
	path := func(service string, session uint64) string { return shm.Path(dir, service, session) }
	live := proctest.Start(t, "region", path("live", 1))
	live.Await("there")
	gone := proctest.Start(t, "region", path("dead", 1))
	gone.Await("there")
	gone.Kill9()
	leaveRegion(t, path("live", 2), live.PID())
	leaveRegion(t, path("deployed", 1), gone.PID())
	startDeployed(t, dir+"/deployed.sock", 5)
	for _, p := range []string{path("dead", 2), path("deployed", 2)} {
		if err := os.WriteFile(p, []byte("junk"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Inspect(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range all {
		for _, r := range e.Regions {
			if r.State == RegionLive || r.State == RegionStale {
				if pid := live.PID(); r.State == RegionLive && r.OwnerPID != pid || r.OwnerGeneration == 0 || r.RequestCapacity != 64 || r.ResponseCapacity != 64 || r.Size != 192 {
					t.Errorf("%+v", r)
				}
			}
			got = append(got, fmt.Sprintf("%s %d %s %s", e.Service, r.Session, r.State, r.Lock))
		}
	}
	want := []string{
		"dead 1 stale free", "dead 2 junk free", "deployed 1 stale free", "deployed 2 junk free",
		"live 1 live held", "live 2 live free",
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	before := files(t, dir)
	due := []string{
		path("dead", 1) + " shared memory of a dead server", path("dead", 2) + " no shared memory",
		path("deployed", 1) + " shared memory of a dead server",
	}
	for _, dryRun := range []bool{true, false} {
		removed, err := Clean(dir, dryRun)
		var got []string
		for _, r := range removed {
			got = append(got, r.Path+" "+r.What)
		}
		if err != nil || strings.Join(got, "; ") != strings.Join(due, "; ") {
			t.Errorf("dry run %v: %q, %v; want %q", dryRun, got, err, due)
		}
		if dryRun {
			wantFiles(t, dir, before...)
		}
	}
	wantFiles(t, dir, "deployed-0000000000000002.ipcshm", "deployed.sock", "live-0000000000000001.ipcshm", "live-0000000000000002.ipcshm")
}
