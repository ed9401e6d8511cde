package cgroups

// content is what snapshots that differ in nothing but generation and time share. It is immutable.
//
// The items lie in two strings without a pointer in them. One is the answer as it came, header included; paths are
// read from it. The other is made of it: the rows, one an item, in producer order and one after the other, with
// what a lookup needs close together.
//
//	0 u32 hash                8 u32 options   16 u32 bytes of the path
//	4 u32 bytes of the name  12 u32 enabled   20 u32 where the path begins, in the answer
//	24 the name, and zeros up to a multiple of 8
//
// A row is known by where it begins.
type content struct {
	items   int
	systemd uint32
	answer  string
	rows    string
	lookups
}

const (
	rowHash       = 0
	rowNameLength = 4
	rowOptions    = 8
	rowEnabled    = 12
	rowPathLength = 16
	rowPath       = 20
	rowName       = 24

	rowAlign = 8
)

// rowSize returns the size of a row whose name has n bytes.
func rowSize(n int) int { return (rowName + n + rowAlign - 1) &^ (rowAlign - 1) }

func (c *content) hash(row int) uint32 { return u32(c.rows, row+rowHash) }

func (c *content) name(row int) string {
	r := c.rows[row:]
	return r[rowName : rowName+int(u32(r, rowNameLength))]
}

func (c *content) path(row int) string {
	r := c.rows[row:]
	from := int(u32(r, rowPath))
	return c.answer[from : from+int(u32(r, rowPathLength))]
}

// after returns where the next row begins, or would begin.
func (c *content) after(row int) int { return row + rowSize(int(u32(c.rows, row+rowNameLength))) }

// read fills in the item of a row. It is no return value because one of so many fields is copied about, which
// would be half of what a lookup costs.
func (c *content) read(row int, it *Item) {
	r := c.rows[row:]
	it.Hash = u32(r, rowHash)
	it.Options = u32(r, rowOptions)
	it.Enabled = u32(r, rowEnabled)
	it.Name = r[rowName : rowName+int(u32(r, rowNameLength))]
	from := int(u32(r, rowPath))
	it.Path = c.answer[from : from+int(u32(r, rowPathLength))]
}
