package linktest

// queue is a bounded first-in-first-out of packets. Its slots are used again, so that a pipe that has been used
// for a while does not allocate.
type queue struct {
	slots [][]byte
	head  int
	n     int
}

func newQueue(capacity int) queue { return queue{slots: make([][]byte, capacity)} }

func (q *queue) full() bool { return q.n == len(q.slots) }

// push copies a packet. The queue is not full.
func (q *queue) push(packet []byte) {
	slot := &q.slots[(q.head+q.n)%len(q.slots)]
	*slot = append((*slot)[:0], packet...)
	q.n++
}

// pop returns the oldest packet, valid until the next push. The queue is not empty.
func (q *queue) pop() []byte {
	packet := q.slots[q.head]
	q.head = (q.head + 1) % len(q.slots)
	q.n--
	return packet
}
