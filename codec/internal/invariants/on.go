//go:build netipc_invariants

package invariants

// Enabled says whether this build checks.
const Enabled = true

// Poison overwrites bytes whose life has ended.
func Poison(b []byte) {
	for i := range b {
		b[i] = 0xdb
	}
}
