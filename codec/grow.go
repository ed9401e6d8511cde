package codec

// Grow gives a builder a larger buffer than the one it writes into. It returns a buffer of at least n bytes
// whose beginning holds the bytes of the buffer before it, which is dead from then on; or an error, and then
// the old buffer stays as it is and stays in use. What it returns may be longer than n: all of it is used.
//
// Builders ask for at least twice of what they have, then for less and less, at last for exactly what they
// need; so an error only means "not that much", and is remembered only if nothing smaller would do. The error
// that ends the building wraps both ErrOverflow and the error that Grow returned.
//
// A nil Grow means that the buffer is all there is. A Grow is called by the goroutine that builds, and never
// after the builder has finished or failed.
type Grow func(n int) ([]byte, error)
