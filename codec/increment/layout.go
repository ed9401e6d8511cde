package increment

// The only numbers of this package (spec 07, "INCREMENT"). Request and response alike, host byte order:
//
//	0 u64 value

// Size is the size of a request and of a response in bytes.
const Size = 8

const (
	offValue = 0 // u64
	end      = 8
)

// An index other than 0 does not compile: the layout ends where Size says.
var _ = [1]struct{}{}[end-Size]

// The Layout of this package's *codec.Error.
const (
	layoutRequest  = "INCREMENT request"
	layoutResponse = "INCREMENT response"
)
