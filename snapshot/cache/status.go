package cache

import "time"

// Status is a moment in a cache's life. That of its client says what there is to know about the session.
type Status struct {
	Ready      bool // there is data
	Generation uint64
	Age        time.Duration // of the data: since LastSuccess; 0 while there is none

	Refreshes   uint64 // that succeeded
	Unchanged   uint64 // of these, those that brought nothing new; such snapshots share their value
	Failures    uint64
	Failing     uint64 // failures since the last success
	LastSuccess time.Time
	LastFailure time.Time
	LastError   error // of the last failure, however long ago
}

// counts are the part of Status that refreshes count. Guarded by Cache.mu.
type counts struct {
	refreshes, unchanged, failures, failing uint64
	lastFailure                             time.Time
	lastError                               error
}

// succeeded publishes a snapshot.
func (c *Cache[T]) succeeded(s *Snapshot[T], unchanged bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current.Store(s)
	c.counts.refreshes++
	c.counts.failing = 0
	if unchanged {
		c.counts.unchanged++
	}
}

// failed notes that a refresh has brought nothing, and returns why.
func (c *Cache[T]) failed(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.failures++
	c.counts.failing++
	c.counts.lastFailure, c.counts.lastError = time.Now(), err
	return err
}

// Status returns what is known now.
func (c *Cache[T]) Status() Status {
	_, s := c.Look()
	return s
}

// Look returns the latest snapshot and a Status that belongs to it, whatever is refreshed meanwhile.
func (c *Cache[T]) Look() (*Snapshot[T], Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.current.Load()
	return s, Status{
		Ready:       s != nil,
		Generation:  s.Generation(),
		Age:         s.Age(),
		Refreshes:   c.counts.refreshes,
		Unchanged:   c.counts.unchanged,
		Failures:    c.counts.failures,
		Failing:     c.counts.failing,
		LastSuccess: s.Taken(),
		LastFailure: c.counts.lastFailure,
		LastError:   c.counts.lastError,
	}
}
