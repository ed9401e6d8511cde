// Package place decides on which processors the two sides of a ping-pong run. Nothing else moves its time as
// much: a wake-up on the same processor is a context switch, one on another processor that has gone idle costs
// many times that, above all on a virtual machine. So what is compared has to be placed alike.
package place

// Placement says where the two sides run.
type Placement string

// The placements.
const (
	Any Placement = "any" // wherever the operating system puts them, as users have it
	One Placement = "one" // both on the same processor
	Two Placement = "two" // each on a processor of its own
)

// Suffix is what the name of a case gets, so that it is unique: nothing for Any.
func (p Placement) Suffix() string {
	switch p {
	case One:
		return "-one-cpu"
	case Two:
		return "-two-cpus"
	}
	return ""
}
