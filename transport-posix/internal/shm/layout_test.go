package shm

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec/link"
)

// For any limits, the areas are what spec 03 says, or there is no region; nothing wraps on the way.
func TestGeometryForAnyLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0, 5000), rapid.Uint32Range(math.MaxUint32-200, math.MaxUint32))
		l := link.Limits{RequestPayload: payload.Draw(t, "request"), ResponsePayload: payload.Draw(t, "response")}
		area := func(payload uint32) *big.Int {
			n := big.NewInt(int64(payload) + 32 + 63)
			return n.Sub(n, new(big.Int).Mod(n, big.NewInt(64)))
		}
		request, response := area(l.RequestPayload), area(l.ResponsePayload)
		whole := new(big.Int).Add(big.NewInt(64), new(big.Int).Add(request, response))
		g, err := GeometryFor(l)
		if whole.Cmp(big.NewInt(math.MaxUint32)) > 0 {
			if !errors.Is(err, ErrTooBig) {
				t.Fatalf("%v bytes: %+v, %v", whole, g, err)
			}
			return
		}
		if err != nil && whole.IsInt64() && whole.Int64() <= math.MaxInt {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		want := Geometry{64, uint32(request.Uint64()), uint32(64 + request.Uint64()), uint32(response.Uint64())}
		if g != want || g.Size() != whole.Uint64() {
			t.Fatalf("%+v of %d bytes, want %+v of %v", g, g.Size(), want, whole)
		}
		if err := g.check(g.Size()); err != nil {
			t.Fatal(err)
		}
	})
}

// Names and their parts are the same thing, and nothing else passes for a name.
func TestNames(t *testing.T) {
	if got := Path("/run//x/", "a.b", 0xfedc); got != "/run//x//a.b-000000000000fedc.ipcshm" {
		t.Error(got)
	}
	rapid.Check(t, func(t *rapid.T) {
		service := rapid.StringMatching(`[a-zA-Z0-9._-]{1,20}`).Draw(t, "service")
		session := rapid.Uint64().Draw(t, "session")
		if s, id, ok := ParseName(Name(service, session)); !ok || s != service || id != session {
			t.Fatalf("%q, %d, %v", s, id, ok)
		}
		name := rapid.StringMatching(`[a-z0-9-]{0,8}-[0-9a-fA-F_+]{15,17}(\.ipcshm)?`).Draw(t, "name")
		if s, id, ok := ParseName(name); ok && Name(s, id) != name {
			t.Fatalf("%q passes for the region %d of %q", name, id, s)
		}
	})
	for _, name := range []string{
		"", ".ipcshm", "a.ipcshm", "-0000000000000001.ipcshm", "a-000000000000001.ipcshm", "a-0000000000000001.ipcshm.old",
		"a-000000000000000A.ipcshm", "a-+000000000000001.ipcshm", "a0000000000000001.ipcshm", "a-0000000000000001.IPCSHM",
	} {
		if s, id, ok := ParseName(name); ok {
			t.Errorf("%q passes for the region %d of %q", name, id, s)
		}
	}
	if s, _, _ := ParseName("a-0000000000000001-0000000000000002.ipcshm"); s != "a-0000000000000001" {
		t.Errorf("a region of %q", s)
	}
}

func TestJudge(t *testing.T) {
	const self, other = 10, 20
	for _, c := range []struct {
		name       string
		pid        int32
		generation uint32
		lock       Lock
		lives      bool
		want       State
	}{
		{"a live one of ours", other, 1, LockHeld, true, Live},
		{"in another pid namespace", other, 1, LockHeld, false, Live},
		{"our own pid in another pid namespace", self, 1, LockHeld, true, Live},
		{"a deployed one", other, 1, LockFree, true, Live},
		{"no word about the lock", other, 1, LockUntried, true, Live},
		{"dead", other, 1, LockFree, false, Stale},
		{"our own pid, not our region", self, 1, LockFree, true, Stale},
		{"no generation", other, 0, LockFree, true, Stale},
		{"no pid", 0, 1, LockFree, true, Stale},
		{"a group of processes", -other, 1, LockFree, true, Stale},
	} {
		alive := func(pid int) bool {
			if pid <= 0 {
				t.Errorf("%s: pid %d was asked about: that is no single process", c.name, pid)
			}
			return c.lives
		}
		if got := judge(Header{OwnerPID: c.pid, OwnerGeneration: c.generation}, c.lock, self, alive); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := Live.String() + State(200).String(); got != "liveunknown" {
		t.Error(got)
	}
}
