package lookup

import "github.com/plugin-ipc/netipc/service"

// Method is what a client knows about one lookup, beside what every method has. A zero-size struct implements it.
type Method[K any, R Keys[K], V View[V]] interface {
	service.Method[R, V]
	// Check says what is wrong with keys, as EncodeRequest would.
	Check(keys R) error
	// Final returns how many of the items of v, from i on, are Answered, up to the first that is not, or to as many as
	// there are keys, which they must name. It adds them to t.
	Final(v V, i int, keys R, t *Tally) int
	// Item says what became of key, which item i of an answer must name, and how large the item is, and how large it
	// would be at least, in bytes.
	Item(v V, i int, key K) (f Fate, size, least int)
	// Answered returns how many items there are in an answer that nobody has checked, and how many of them, from the
	// first on, are not Exceeded, if the provider keeps to the rules.
	Answered(payload []byte) (items, answered int)
	// Oversized returns an answer whose only item says that the one to key is too large.
	Oversized(key K) (V, error)
}

// Keys is the keys that are asked for.
type Keys[K any] interface {
	~[]K
	// FitMore returns how many of the first keys can be asked for at once, in a request of request and an answer of
	// response bytes, if each item of the answer takes more bytes more than the least that there is to say.
	FitMore(request, response, more int) int
}

// View is an answer to one request, borrowed.
type View[V any] interface {
	Len() int
	Generation() uint64
}

// Tally sums up items that are final: their sizes, by how much these exceed the least that there is to say, and the
// squares of that, in bytes. The zero value is of none.
type Tally struct {
	Bytes         int
	more, squares float64
}

// Add adds an item of that size, which would be least at least, in bytes.
func (t *Tally) Add(size, least int) {
	more := float64(size - least)
	t.Bytes += size
	t.more += more
	t.squares += more * more
}

// Fate is what became of a key.
type Fate uint8

// The fates.
const (
	Answered  Fate = iota // the item is final
	Exceeded              // it had no room; to be asked for again
	Oversized             // it had no room although it was the first; final if it was the only one
	Wrong                 // the item names another key
)
