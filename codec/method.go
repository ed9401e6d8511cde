package codec

import "strconv"

// Method is the code of a request in the envelope header. One space of numbers serves all services.
// Codes below MethodUser are assigned by the protocol; MethodUser and above are free for services of a
// user's own (spec 01, 08).
type Method uint16

// The assigned methods.
const (
	MethodIncrement       Method = 1
	MethodCgroupsSnapshot Method = 2
	MethodStringReverse   Method = 3
	MethodCgroupsLookup   Method = 4
	MethodAppsLookup      Method = 5

	// MethodUser is the first code that users may give to services of their own.
	MethodUser Method = 0x8000
)

// String returns the method's name in the specification, or its number.
func (m Method) String() string {
	switch m {
	case MethodIncrement:
		return "INCREMENT"
	case MethodCgroupsSnapshot:
		return "CGROUPS_SNAPSHOT"
	case MethodStringReverse:
		return "STRING_REVERSE"
	case MethodCgroupsLookup:
		return "CGROUPS_LOOKUP"
	case MethodAppsLookup:
		return "APPS_LOOKUP"
	}
	return "method " + strconv.Itoa(int(m))
}
