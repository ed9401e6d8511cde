package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	payload "github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/local"
)

type pingReport struct {
	Target, Endpoint, Method, Profile string
	PeerPID                           int `json:"peer_pid"`
	Count, Warmup                     int64
	Elapsed                           int64            `json:"elapsed_ns"`
	Rate                              float64          `json:"rate_per_second"`
	Min                               int64            `json:"min_ns"`
	Mean                              int64            `json:"mean_ns"`
	Max                               int64            `json:"max_ns"`
	Percentiles                       map[string]int64 `json:"percentiles_ns"`
	Buckets                           []struct {
		From  int64 `json:"from_ns"`
		To    int64 `json:"to_ns"`
		Count int64 `json:"count"`
	}
}

// check fails unless the report is one of so many round trips and agrees with itself.
func (p pingReport) check(t *testing.T, count, warmup int64) {
	t.Helper()
	if p.Count != count || p.Warmup != warmup {
		t.Errorf("%d round trips after %d, want %d after %d", p.Count, p.Warmup, count, warmup)
	}
	last := p.Min
	for _, q := range []string{"p50", "p90", "p95", "p99", "p99.9"} {
		v, ok := p.Percentiles[q]
		if !ok || v < last || v > p.Max {
			t.Errorf("%s is %d, after %d, of at most %d", q, v, last, p.Max)
		}
		last = v
	}
	if p.Min <= 0 || p.Mean < p.Min || p.Mean > p.Max || p.Elapsed < p.Max || p.Rate <= 0 {
		t.Errorf("%+v", p)
	}
	sum, end := int64(0), int64(-1)
	for _, b := range p.Buckets {
		if b.To <= b.From || end >= 0 && b.From != end {
			t.Errorf("bucket %+v after one that ends at %d", b, end)
		}
		sum, end = sum+b.Count, b.To
	}
	if sum != count || len(p.Buckets) == 0 || p.Buckets[0].From > p.Min || end <= p.Max {
		t.Errorf("buckets %+v for %d from %d to %d", p.Buckets, count, p.Min, p.Max)
	}
}

// pingJSON reads the only report of a command, of the baseline.
func pingJSON(t *testing.T, r result) (p pingReport) {
	t.Helper()
	r.expect(t, 0)
	if err := json.Unmarshal([]byte(r.out), &p); err != nil {
		t.Fatalf("%v: %s", err, r.out)
	}
	if p.Profile != "baseline" {
		t.Errorf("profile %q", p.Profile)
	}
	return p
}

func TestPingSnapshot(t *testing.T) {
	dir := tempDir(t)
	provide(t, dir, answer(strange))
	p := pingJSON(t, run(t, "ping", "--run-dir", dir, "-c", "50", "-o", "json"))
	p.check(t, 50, 5)
	if p.Method != "CGROUPS_SNAPSHOT" || p.Target != "cgroups-snapshot" || p.Endpoint != dir+"/cgroups-snapshot.sock" {
		t.Errorf("%+v", p)
	}
}

func TestPingIncrement(t *testing.T) {
	dir := tempDir(t)
	provideIncrement(t, dir, "mine", increment.Next)
	p := pingJSON(t, run(t, "ping", "--run-dir", dir, "--increment", "mine", "-c", "200", "--warmup", "3", "-i", "1us", "-o", "json"))
	p.check(t, 200, 3)
	if p.Method != "INCREMENT" || p.Target != "mine" {
		t.Errorf("%+v", p)
	}
	r := run(t, "ping", "--run-dir", dir, "--increment", "mine", "-c", "200")
	r.expect(t, 0)
	for _, text := range []string{"INCREMENT at " + dir + "/mine.sock (baseline", "200 round trips after 20 to warm up", "p99.9", "max", "###"} {
		if !strings.Contains(r.out, text) {
			t.Errorf("%q is not in\n%s", text, r.out)
		}
	}
}

func TestPingNobody(t *testing.T) {
	dir := tempDir(t)
	run(t, "ping", "--run-dir", dir).expect(t, 3, "no provider at "+dir+"/cgroups-snapshot.sock: start one with")
	run(t, "ping", "--run-dir", dir, "--increment", "nobody").expect(t, 3, "no provider at "+dir+"/nobody.sock")
}

func TestPingWrongService(t *testing.T) {
	dir := tempDir(t)
	provide(t, dir, answer(strange))
	provideIncrement(t, dir, "constant", func(context.Context, uint64) (uint64, error) { return 7, nil })
	run(t, "ping", "--run-dir", dir, "--increment", "cgroups-snapshot").expect(t, 1, "does not serve this method")
	run(t, "ping", "--run-dir", dir, "--increment", "constant").expect(t, 1, "answered 7 to 0")
}

// What was measured before the service failed is shown, and that it failed.
func TestPingFails(t *testing.T) {
	dir := tempDir(t)
	provideIncrement(t, dir, "failing", func(_ context.Context, v uint64) (uint64, error) {
		if v >= 10 {
			return 0, errors.New("no more")
		}
		return v + 1, nil
	})
	r := run(t, "ping", "--run-dir", dir, "--increment", "failing", "--warmup", "2", "-o", "json")
	r.expect(t, 1, "after 8 answers", "INTERNAL_ERROR")
	if !strings.Contains(r.out, `"count": 8`) {
		t.Error(r.out)
	}
}

func TestPingInterrupted(t *testing.T) {
	dir := tempDir(t)
	asked := make(chan struct{})
	n := 0
	provide(t, dir, func(ctx context.Context, r payload.Request, out *payload.Builder) error {
		if n++; n == 20 {
			close(asked)
		}
		return answer(strange)(ctx, r, out)
	})
	r := launch(t, "ping", "--run-dir", dir, "-c", "0", "-o", "json")
	<-asked
	if status := r.interrupt(t); status != 0 {
		t.Errorf("status %d: %s", status, r.err)
	}
	var p pingReport
	if err := json.Unmarshal([]byte(r.out.String()), &p); err != nil || p.Count < 1 {
		t.Errorf("%v, %s", err, r.out)
	}
}

// The second process serves each profile that this host has, or the one that is asked for, and nothing stays of it.
func TestPingSelf(t *testing.T) {
	temp := tempDir(t)
	t.Setenv("TMPDIR", temp)
	t.Setenv(asCommand, "1")
	each := []string{"baseline"}
	if local.Profiles&wire.ProfileSHMHybrid != 0 {
		each = append(each, "shm-hybrid")
	}
	for _, args := range [][]string{nil, {"--profile", each[len(each)-1]}} {
		r := run(t, append([]string{"ping", "--self", "-c", "300", "-o", "json"}, args...)...)
		r.expect(t, 0)
		want := each
		if len(args) > 0 {
			want = args[1:]
		}
		peer := 0
		reports := json.NewDecoder(strings.NewReader(r.out))
		for i, profile := range want {
			var p pingReport
			if err := reports.Decode(&p); err != nil {
				t.Fatal(err)
			}
			p.check(t, 300, 30)
			if p.Target != "self" || p.Method != "INCREMENT" || p.Profile != profile || !strings.HasPrefix(p.Endpoint, temp) || p.PeerPID == os.Getpid() || i > 0 && p.PeerPID != peer {
				t.Errorf("want %s: %+v", profile, p)
			}
			peer = p.PeerPID
		}
		if reports.More() {
			t.Errorf("more than %q: %s", want, r.out)
		}
		if left := names(t, temp); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
	r := run(t, "ping", "--self", "-c", "10")
	r.expect(t, 0)
	for _, profile := range each {
		if n := strings.Count(r.out, "("+profile+", pid "); n != 1 {
			t.Errorf("%s stands %d times in\n%s", profile, n, r.out)
		}
	}
}

func TestPingProfile(t *testing.T) {
	dir := tempDir(t)
	provideIncrement(t, dir, "mine", increment.Next) // it offers the baseline alone
	for _, p := range []string{"baseline", "any"} {
		pingJSON(t, run(t, "ping", "--run-dir", dir, "--increment", "mine", "--profile", p, "-c", "10", "-o", "json")).check(t, 10, 1)
	}
	run(t, "ping", "--run-dir", dir, "--increment", "mine", "--profile", "shm-hybrid").expect(t, 3, "UNSUPPORTED", "--profile any")
	run(t, "ping", "--run-dir", dir, "--profile", "pigeon").expect(t, 2, "pigeon", "shm-hybrid")
}

func TestPingProviderFails(t *testing.T) {
	// Without the variable the second process is the tests, which know no such flag.
	t.Setenv("TMPDIR", tempDir(t))
	run(t, "ping-provider", "/dev/null/nothing").expect(t, 1, "/dev/null/nothing")
}
