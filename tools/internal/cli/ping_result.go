package cli

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/plugin-ipc/netipc/tools/internal/render"
)

// pingResult is what `netipc ping -o json` prints.
type pingResult struct {
	Target      string          `json:"target"`
	Endpoint    string          `json:"endpoint"`
	Method      string          `json:"method"`
	Profile     string          `json:"profile"`
	PeerPID     int             `json:"peer_pid,omitempty"`
	Count       int64           `json:"count"`
	Warmup      int             `json:"warmup"`
	Elapsed     int64           `json:"elapsed_ns"`
	Rate        float64         `json:"rate_per_second"`
	Min         int64           `json:"min_ns"`
	Mean        int64           `json:"mean_ns"`
	Max         int64           `json:"max_ns"`
	StdDev      int64           `json:"stddev_ns"`
	Percentiles percentiles     `json:"percentiles_ns"`
	Buckets     []render.Bucket `json:"buckets"`
}

type percentiles struct {
	P50  int64 `json:"p50"`
	P90  int64 `json:"p90"`
	P95  int64 `json:"p95"`
	P99  int64 `json:"p99"`
	P999 int64 `json:"p99.9"`
}

func (r *roundTrips) result() pingResult {
	q := func(p float64) int64 { return min(r.hist.ValueAtPercentile(p), r.max) }
	res := pingResult{
		Target: r.target.name, Endpoint: r.status.Endpoint, Method: r.target.method,
		Profile: r.status.Profile.String(), PeerPID: r.status.Peer.PID,
		Count: r.hist.TotalCount(), Warmup: r.warmup, Elapsed: int64(r.elapsed),
		Min: min(r.hist.Min(), r.max), Mean: int64(math.Round(r.hist.Mean())), Max: r.max, StdDev: int64(math.Round(r.hist.StdDev())),
		Percentiles: percentiles{q(50), q(90), q(95), q(99), q(99.9)},
		Buckets:     r.scale.Buckets(),
	}
	if r.elapsed > 0 {
		res.Rate = math.Round(float64(res.Count)/r.elapsed.Seconds()*10) / 10
	}
	return res
}

func (r pingResult) writeText(w io.Writer, style render.Style) error {
	var b strings.Builder
	pid := ""
	if r.PeerPID != 0 {
		pid = fmt.Sprintf(", pid %d", r.PeerPID)
	}
	fmt.Fprintln(&b, style.Bold(fmt.Sprintf("%s at %s (%s%s)", r.Method, render.Escape(r.Endpoint), r.Profile, pid)))
	fmt.Fprintf(&b, "%d round trips after %d to warm up, %.0f per second\n\n", r.Count, r.Warmup, r.Rate)
	for _, q := range []struct {
		name string
		ns   int64
	}{
		{"min", r.Min}, {"mean", r.Mean}, {"p50", r.Percentiles.P50}, {"p90", r.Percentiles.P90}, {"p95", r.Percentiles.P95},
		{"p99", r.Percentiles.P99}, {"p99.9", r.Percentiles.P999}, {"max", r.Max},
	} {
		fmt.Fprintf(&b, "  %-6s %10s\n", q.name, render.Duration(time.Duration(q.ns)))
	}
	fmt.Fprintln(&b)
	render.Bars(&b, r.Buckets, style)
	_, err := io.WriteString(w, b.String())
	return err
}
