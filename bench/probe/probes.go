package probe

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
)

// packet is the size of the messages that go to and fro, in bytes: a header of 32, a payload of 8, and room.
const packet = 64

// Names of the probes, without the suffix of their placement.
const (
	CacheLine         = "probe/cache-line"
	SeqpacketBlocking = "probe/seqpacket-blocking"
	SeqpacketPoller   = "probe/seqpacket-poller"
	SeqpacketSpin     = "probe/seqpacket-spin"
	SeqpacketC        = "probe/seqpacket-c"
	Futex             = "probe/futex"
	Wake              = "probe/wake"
)

// RoundTrip is the metric of all ping-pongs, in nanoseconds.
const RoundTrip = "round-trip"

// PacedRates are the round trips a second of what is paced: that shows latency and the cost in processor time while
// nothing is saturated.
var PacedRates = []int{1_000, 10_000, 100_000}

// Paced is the name of a case at that many round trips a second.
func Paced(name string, perSecond int) string { return fmt.Sprintf("%s-%d-a-second", name, perSecond) }

// InFlight is the name of a case with that many packets on their way at once.
func InFlight(name string, n int) string { return fmt.Sprintf("%s-%d-in-flight", name, n) }

// Depths are the numbers of packets on their way at once that are measured beside one.
var Depths = []int{16}

// Cases returns all probes. Those that this machine cannot run skip themselves and say why.
func Cases() []bench.Case {
	cases := []bench.Case{
		pingPong(CacheLine, place.Two, cacheLine),
		{Name: Wake, Run: wake},
	}
	for _, where := range []place.Placement{place.One, place.Two, place.Any} {
		cases = append(cases, pingPong(Futex, where, futex))
	}
	for _, where := range []place.Placement{place.One, place.Two, place.Any} {
		spin := packets(pingPong(SeqpacketSpin, where, seqpacket("seqpacket-spin", 0, 0)))
		blocking := packets(pingPong(SeqpacketBlocking, where, seqpacket("seqpacket-blocking", 0, 0)))
		poller := packets(pingPong(SeqpacketPoller, where, seqpacket("seqpacket-poller", 0, 0)))
		c := seqpacketC(packets(pingPong(SeqpacketC, where, nil)), where, 0)
		spin.Against, poller.Against, c.Against = blocking.Name, blocking.Name, blocking.Name
		cases = append(cases, spin, blocking, poller, c)
	}
	for _, n := range Depths {
		deep := packets(pingPong(InFlight(SeqpacketSpin, n), place.Any, seqpacket("seqpacket-spin", 0, n-1)))
		deep.Params["in-flight"] = strconv.Itoa(n)
		deep.Against = SeqpacketSpin
		cases = append(cases, deep)
	}
	for _, rate := range PacedRates {
		blocking := packets(pingPong(Paced(SeqpacketBlocking, rate), place.Any, seqpacket("seqpacket-blocking", rate, 0)))
		poller := packets(pingPong(Paced(SeqpacketPoller, rate), place.Any, seqpacket("seqpacket-poller", rate, 0)))
		c := seqpacketC(packets(pingPong(Paced(SeqpacketC, rate), place.Any, nil)), place.Any, rate)
		poller.Against, c.Against = blocking.Name, blocking.Name
		for _, c := range []bench.Case{blocking, poller, c} {
			c.Params["per-second"] = strconv.Itoa(rate)
			cases = append(cases, c)
		}
	}
	for _, size := range []int{4 << 10, 1 << 20, 64 << 20} {
		cases = append(cases, memcpy(size))
	}
	return cases
}

// pingPong makes a case of two sides that are placed.
func pingPong(name string, where place.Placement, run func(context.Context, time.Duration, place.Placement) (bench.Sample, error)) bench.Case {
	return bench.Case{
		Name:   name + where.Suffix(),
		Params: map[string]string{"cpus": string(where)},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			return run(ctx, d, where)
		},
	}
}

// packets says how large the packets of the case are.
func packets(c bench.Case) bench.Case {
	c.Params["bytes"] = strconv.Itoa(packet)
	return c
}
