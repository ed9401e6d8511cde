package probe

import (
	"context"
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

// Cases returns all probes. Those that this machine cannot run skip themselves and say why.
func Cases() []bench.Case {
	cases := []bench.Case{
		pingPong(CacheLine, place.Two, cacheLine),
		{Name: Wake, Run: wake},
	}
	for _, where := range []place.Placement{place.One, place.Two, place.Any} {
		cases = append(cases, pingPong(Futex, where, futex))
	}
	cases = append(cases, packets(pingPong(SeqpacketSpin, place.Two, seqpacketSpin)))
	for _, where := range []place.Placement{place.One, place.Two, place.Any} {
		blocking := packets(pingPong(SeqpacketBlocking, where, seqpacketBlocking))
		poller := packets(pingPong(SeqpacketPoller, where, seqpacketPoller))
		c := seqpacketC(packets(pingPong(SeqpacketC, where, nil)), where)
		poller.Against, c.Against = blocking.Name, blocking.Name
		cases = append(cases, blocking, poller, c)
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
