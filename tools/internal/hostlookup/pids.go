package hostlookup

// pageSize is how many pids share a page of a pidIndex.
const pageSize = 1 << 10

// pidIndex finds the place of a pid in a list: an array, in pages, of which those without a process are not there.
// Pids are dense and have a limit, so that this takes less room than a map and a tenth of its time.
type pidIndex struct {
	pages []*[pageSize]int32 // place + 1; 0: none
}

func (x *pidIndex) put(pid uint32, place int) {
	page := int(pid / pageSize)
	if page >= len(x.pages) {
		x.pages = append(x.pages, make([]*[pageSize]int32, page+1-len(x.pages))...)
	}
	if x.pages[page] == nil {
		x.pages[page] = new([pageSize]int32)
	}
	x.pages[page][pid%pageSize] = int32(place) + 1
}

// find returns the place, or -1.
func (x *pidIndex) find(pid uint32) int {
	page := uint64(pid / pageSize)
	if page >= uint64(len(x.pages)) || x.pages[page] == nil {
		return -1
	}
	return int(x.pages[page][pid%pageSize]) - 1
}
