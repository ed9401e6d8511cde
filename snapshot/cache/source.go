package cache

import "context"

// Source is where values come from. A client of package service, embedded, has all methods but Fetch. A cache calls
// Fetch once at a time.
type Source[T any] interface {
	// Ready reports whether there is a session.
	Ready() bool
	// Refresh connects. A cache calls it when Ready is false.
	Refresh(ctx context.Context) (changed bool, err error)
	// Close ends the source, and a Fetch with it.
	Close() error

	// Fetch asks, and makes a value of the answer. It tries once; it ends when ctx does. old is what the cache holds,
	// nil if nothing.
	Fetch(ctx context.Context, old *Snapshot[T]) (Fetched[T], error)
}

// Fetched is what a Source has brought.
type Fetched[T any] struct {
	// Value is immutable from now on, and nothing in it is borrowed.
	Value T
	// Generation is the provider's count of changes, 0 if it has none.
	Generation uint64
	// Unchanged says that there is nothing new but the generation: the cache keeps the old value, and Value is not
	// looked at. It is ignored where there is no old one.
	Unchanged bool
}
