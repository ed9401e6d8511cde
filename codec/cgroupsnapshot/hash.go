package cgroupsnapshot

// FNV-1 of 32 bits.
const (
	fnvOffset = 0x811c9dc5
	fnvPrime  = 16777619
)

// HashName returns the hash that producers in the field give an item of this name: FNV-1 of 32 bits over its
// bytes (spec 07). Receivers neither compute nor check it.
func HashName[S ~string | ~[]byte](name S) uint32 {
	h := uint32(fnvOffset)
	for i := range len(name) {
		h = h*fnvPrime ^ uint32(name[i])
	}
	return h
}
