package lookup

import (
	"math"
	"sync/atomic"
)

// sizes is what is known of the sizes of items: by how many bytes one exceeds the least that there is to say, on
// average and in the square. Items that came lately count more. The zero value knows nothing, and takes items to be as
// small as can be.
type sizes struct{ mean, square, weight float64 }

// memory is how many items count at least; of what is older, only as many as the last part had.
const memory = 64

// learn adds n items with that sum, and sum of squares.
func (s *sizes) learn(n int, sum, squares float64) {
	if n == 0 {
		return
	}
	was := min(s.weight, max(float64(n), memory))
	s.weight = was + float64(n)
	s.mean = (s.mean*was + sum) / s.weight
	s.square = (s.square*was + squares) / s.weight
}

// deviation returns the standard deviation.
func (s *sizes) deviation() float64 { return math.Sqrt(max(0, s.square-s.mean*s.mean)) }

// typical keeps sizes from one call to the next. What calls that run at the same time have learned overwrites each
// other, which is as good.
type typical struct{ v atomic.Uint64 }

func (t *typical) load() sizes {
	v := t.v.Load()
	if v == 0 {
		return sizes{}
	}
	mean, deviation := float64(math.Float32frombits(uint32(v>>32))), float64(math.Float32frombits(uint32(v)))
	return sizes{mean, mean*mean + deviation*deviation, memory}
}

func (t *typical) store(s *sizes) {
	mean, deviation := math.Float32bits(float32(s.mean)), math.Float32bits(float32(s.deviation()))
	if v := uint64(mean)<<32 | uint64(deviation); v != t.v.Load() { // which is cheaper than to store
		t.v.Store(v)
	}
}

// odds makes a line of the quantiles of the normal distribution: the share of an item that is not the least there is to
// say is about as likely as that one more would have fit.
const odds = 1.3

// part returns how many of the first keys to ask for, so that they are likely to fill an answer: 0 if not even the
// first can be asked for.
//
// One key too many takes the room of the least that there is to say, one too few leaves that of a whole item empty. So
// if the least is little, there are more keys than fit on average, in proportion to what chance may do; if it is nearly
// all there is to an item, there are fewer. And if items are suddenly larger than before, the first one has to find
// room still.
func part[K any, R Keys[K]](s *sizes, keys R, request, response int) int {
	n := keys.FitMore(request, response, int(s.mean))
	if n > 0 && n < len(keys) {
		each := float64(response) / float64(n)
		chance := s.deviation() * math.Sqrt(float64(n)) / each
		n += int(math.Round(chance * odds * (2*s.mean/each - 1)))
	}
	n = keys[:max(0, min(n, len(keys)))].FitMore(request, response-response/8, 0)
	if n == 0 && len(keys) > 0 {
		n = keys[:1].FitMore(request, response, 0)
	}
	return n
}
