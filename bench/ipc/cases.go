package ipc

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/probe"
	"github.com/plugin-ipc/netipc/bench/report"
	"github.com/plugin-ipc/netipc/bench/side"
)

// depths are the numbers of calls in flight that are measured.
var depths = []int{1, 16, 64}

// Cases returns what is measured of netipc. Each stands beside the probes that do the same with nothing around it.
func Cases() []bench.Case {
	return slices.Concat(
		overSocket(), pacedCases(UDS, probe.SeqpacketPoller, 1.2), inFlightCases(UDS), answerCases(UDS),
		overRegion(), pacedCases(SHM, probe.Futex, 2), inFlightCases(SHM), answerCases(SHM),
		deployedCases(), lookupCases(), snapshotCases(),
	)
}

// sampler takes one sample of two sides that are placed.
type sampler func(ctx context.Context, d time.Duration, where place.Placement) (bench.Sample, error)

// trip makes a case of two sides that are placed and pass messages of a header and a number.
func trip(name string, where place.Placement, run sampler) bench.Case {
	return bench.Case{
		Name:   name + where.Suffix(),
		Params: map[string]string{"cpus": string(where), "bytes": "40"},
		Run: func(ctx context.Context, d time.Duration) (bench.Sample, error) {
			return run(ctx, d, where)
		},
	}
}

// overSocket are the cases at full speed over a Unix socket.
func overSocket() (cases []bench.Case) {
	for _, where := range []place.Placement{place.One, place.Two, place.Any} {
		c := trip(UDS.Increment(), where, typed(UDS, chain{}))
		c.Against = probe.SeqpacketPoller + where.Suffix()
		c.Beside = []string{probe.SeqpacketBlocking + where.Suffix(), probe.SeqpacketSpin + where.Suffix()}
		c.Limits = map[string]report.Limit{side.Rate: report.AtLeast(0.7)}
		level1 := trip(UDS.Level1(), where, bare(UDS))
		level1.Against = probe.SeqpacketPoller + where.Suffix()
		cases = append(cases, c, level1)
	}
	return cases
}

// overRegion are the cases at full speed over shared memory: against two processors that do nothing but exchange a
// cache line, and on one processor against two processes that do nothing but sleep and wake each other. With a processor
// for each process nothing is judged: a process that has but one must not spin (spec 03), so there both sides sleep.
func overRegion() (cases []bench.Case) {
	atMost := func(bound float64) map[string]report.Limit {
		return map[string]report.Limit{probe.RoundTrip: report.AtMost(bound)}
	}
	for _, where := range []place.Placement{place.Two, place.Any} {
		line, uds := probe.CacheLine+where.Suffix(), UDS.Increment()+where.Suffix()
		c := trip(SHM.Increment(), where, typed(SHM, chain{}))
		c.Against, c.Beside = line, []string{uds, probe.RegionBare + where.Suffix()}
		level1 := trip(SHM.Level1(), where, bare(SHM))
		level1.Against, level1.Beside = line, []string{probe.RegionBare + where.Suffix(), probe.RegionWake + where.Suffix()}
		if where == place.Any {
			c.LimitsTo = map[string]map[string]report.Limit{line: atMost(3.5), uds: atMost(0.1)}
			level1.LimitsTo = map[string]map[string]report.Limit{line: atMost(2.5)}
		}
		cases = append(cases, c, level1)
	}
	c, level1 := trip(SHM.Increment(), place.One, typed(SHM, chain{})), trip(SHM.Level1(), place.One, bare(SHM))
	for _, c := range []bench.Case{c, level1} {
		c.Against = probe.RegionFutex + place.One.Suffix()
		c.Limits = atMost(1.2)
		cases = append(cases, c)
	}
	return cases
}

// pacedCases are the typed calls at some rates, against a probe at the same. At 1,000 a second they may cost that much
// more.
func pacedCases(t Transport, reference string, bound float64) (cases []bench.Case) {
	for _, rate := range probe.PacedRates {
		c := trip(probe.Paced(t.Increment(), rate), place.Any, typed(t, chain{perSecond: rate}))
		c.Params["per-second"] = strconv.Itoa(rate)
		c.Against = probe.Paced(reference, rate)
		if rate <= 1000 { // what is faster is for orientation: the machine decides whether it can be held at all
			c.Limits = map[string]report.Limit{side.P99: report.AtMost(bound), side.CPU: report.AtMost(bound)}
		}
		cases = append(cases, c)
	}
	return cases
}

// inFlightCases are typed calls beside one another. Over a socket they share wake-ups; shared memory has room for one
// message, so its callers queue.
func inFlightCases(t Transport) (cases []bench.Case) {
	for _, n := range depths {
		c := trip(t.Depth(n), place.Any, typed(t, chain{inFlight: n}))
		c.Params["in-flight"] = strconv.Itoa(n)
		if n > 1 {
			c.Against = t.Depth(1)
		}
		if n == 16 && t == UDS {
			c.Limits = map[string]report.Limit{side.Rate: report.AtLeast(2)}
		}
		cases = append(cases, c)
	}
	return cases
}

// answerCases are large answers. Over shared memory all copies of the bytes are known and counted, from the server's
// own memory to the client's: what they move has to come near to what copying alone does.
func answerCases(t Transport) (cases []bench.Case) {
	for _, size := range probe.AnswerSizes {
		c := trip(t.Answers(size), place.Any, answers(t, size))
		c.Params["bytes"] = strconv.Itoa(size)
		if t == SHM {
			c.Against, c.Beside = probe.Memcpy(size), []string{probe.MemcpyCold(size), probe.RegionAnswers(size), V3Answers(size), UDS.Answers(size)}
			c.LimitsTo = map[string]map[string]report.Limit{
				probe.Memcpy(size): {probe.Bandwidth: report.AtLeast(0.5)},
			}
		}
		cases = append(cases, c)
	}
	return cases
}

// deployedCases have a deployed peer at one end or both. Ours, in either role, must not slow it down.
func deployedCases() (cases []bench.Case) {
	for _, where := range []place.Placement{place.One, place.Two, place.Any} {
		both := trip(V3, where, deployedWithDeployed)
		both.Against = probe.CacheLine + where.Suffix()
		if where == place.One {
			both.Against = probe.RegionFutex + where.Suffix()
		}
		cases = append(cases, both)
		for _, c := range []bench.Case{
			trip(IncrementOfV3, where, typedOfDeployed), trip(Level1OfV3, where, bareOfDeployed),
			trip(V3Client, where, deployedOf(roleIncrement)), trip(V3ClientLevel1, where, deployedOf(roleLevel1)),
		} {
			c.Against = both.Name
			if where != place.Two { // there ours must not spin, and deployed peers do
				c.LimitsTo = map[string]map[string]report.Limit{both.Name: {probe.RoundTrip: report.AtMost(1)}}
			}
			if where != place.One { // two that fall asleep are slow; two that never do are this fast
				c.Beside = []string{probe.RegionWake + where.Suffix()}
			}
			cases = append(cases, c)
		}
	}
	for _, size := range probe.AnswerSizes {
		c := trip(V3Answers(size), place.Any, deployedAnswers(size))
		c.Params["bytes"] = strconv.Itoa(size)
		c.Against = probe.Memcpy(size)
		cases = append(cases, c)
	}
	return cases
}

// chain says how calls follow one another: the zero value, each as soon as the one before is answered.
type chain struct {
	perSecond int // 0: as fast as it goes
	inFlight  int // chains beside each other; 0: the one chain of the caller
}
