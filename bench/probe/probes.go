package probe

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/codec/increment"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// packet is the size of the messages that go to and fro, in bytes: a header of 32, a payload of 8, and room.
const packet = 64

// message is the size of the messages in a region of shared memory, in bytes: a header and a number.
const (
	messageNumber = wire.HeaderSize
	message       = messageNumber + increment.Size
)

// Names of the probes, without the suffix of their placement.
const (
	CacheLine         = "probe/cache-line"
	SeqpacketBlocking = "probe/seqpacket-blocking"
	SeqpacketPoller   = "probe/seqpacket-poller"
	SeqpacketSpin     = "probe/seqpacket-spin"
	SeqpacketC        = "probe/seqpacket-c"
	Futex             = "probe/futex"
	Wake              = "probe/wake"
	RegionBare        = "probe/v3-bare"
	RegionWake        = "probe/v3-wake"
	RegionFutex       = "probe/v3-futex"
)

// RoundTrip is the metric of all ping-pongs, in nanoseconds.
const RoundTrip = "round-trip"

// PacedRates are the round trips a second of what is paced: that shows latency and the cost in processor time while
// nothing is saturated.
var PacedRates = []int{1_000, 10_000, 100_000}

// AnswerSizes are those of large answers, in bytes.
var AnswerSizes = []int{16 << 10, 256 << 10, 1 << 20}

// RegionAnswers is the name of RegionBare with answers of that many bytes, a multiple of 1024.
func RegionAnswers(size int) string { return fmt.Sprintf("probe/v3-answers-%dKiB", size>>10) }

// Paced is the name of a case at that many round trips a second.
func Paced(name string, perSecond int) string { return fmt.Sprintf("%s-%d-a-second", name, perSecond) }

// InFlight is the name of a case with that many packets on their way at once.
func InFlight(name string, n int) string { return fmt.Sprintf("%s-%d-in-flight", name, n) }

// Depths are the numbers of packets on their way at once that are measured beside one.
var Depths = []int{16}

// Cases returns all probes. Those that this machine cannot run skip themselves and say why.
func Cases() []bench.Case {
	cases := []bench.Case{{Name: Wake, Run: wake}}
	for _, where := range []place.Placement{place.Two, place.Any} { // what spins needs two
		bare, wake := region(RegionBare, where), region(RegionWake, where)
		bare.Against, wake.Against = CacheLine+where.Suffix(), CacheLine+where.Suffix()
		cases = append(cases, pingPong(CacheLine, where, cacheLine), bare, wake)
	}
	for _, where := range []place.Placement{place.One, place.Two, place.Any} {
		word, inRegion := pingPong(Futex, where, futex(0)), region(RegionFutex, where)
		inRegion.Against = word.Name
		cases = append(cases, word, inRegion)
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
		futex := pingPong(Paced(Futex, rate), place.Any, futex(rate))
		for _, c := range []bench.Case{blocking, poller, c, futex} {
			c.Params["per-second"] = strconv.Itoa(rate)
			cases = append(cases, c)
		}
	}
	for _, size := range []int{4 << 10, 16 << 10, 256 << 10, 1 << 20, 64 << 20} {
		cases = append(cases, memcpy(size))
	}
	for _, size := range AnswerSizes {
		c := region(RegionAnswers(size), place.Any)
		c.Params["bytes"], c.Against, c.Beside = strconv.Itoa(size), Memcpy(size), []string{MemcpyCold(size)}
		cases = append(cases, memcpyCold(size), c)
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

// role is what the other side of a probe is called.
func role(name string) string { return strings.TrimPrefix(name, "probe/") }

// region makes a case that is played in a region of shared memory.
func region(name string, where place.Placement) bench.Case {
	c := pingPong(name, where, inRegion(role(name)))
	c.Params["bytes"] = strconv.Itoa(message)
	return c
}

// packets says how large the packets of the case are.
func packets(c bench.Case) bench.Case {
	c.Params["bytes"] = strconv.Itoa(packet)
	return c
}
