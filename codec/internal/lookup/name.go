package lookup

import "strconv"

// NameOf returns the name of value n of an enumeration whose names these are, or what it is and its number.
func NameOf(names []string, what string, n uint16) string {
	if int(n) < len(names) {
		return names[n]
	}
	return what + " " + strconv.Itoa(int(n))
}
