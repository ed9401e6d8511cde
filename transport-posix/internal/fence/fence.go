// Package fence is an agreement between one who does something very often and others who seldom have to know whether it
// is being done. Who does it often pays nothing for a memory barrier, where the system has one to make him pass when it is
// needed; elsewhere he does, and the others do not.
package fence

import "sync/atomic"

// Count is odd while its owner is at it, and another one each time. It has one owner at a time.
type Count struct{ n atomic.Uint32 }

// Begin makes it odd. What the owner loads afterwards is no older than what others have stored before they called All, if
// those then read a Count that was not odd yet.
func (c *Count) Begin() { begin(&c.n) }

// End makes it even: whoever reads that finds all that the owner did since Begin done.
func (c *Count) End() { end(&c.n) }

// Now returns the count.
func (c *Count) Now() uint32 { return c.n.Load() }

// Busy reports whether its owner is at it.
func (c *Count) Busy() bool { return c.Now()&1 != 0 }

// All comes between a store, by package atomic, that owners are to find, and reading their counts: either an owner finds
// the store behind Begin, or its count is read as odd, or as one that it has ended since.
func All() { all() }

// Prepare makes Begin as cheap as it can be here, some milliseconds later. It may be called often.
func Prepare() { prepare() }
