package shmtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// The layout (spec 03).
const (
	headerSize = 64
	magic      = 0x4e53484d

	offRequest, offResponse = 16, 24 // offset and capacity, u32 each
)

// direction is where the words of one direction are.
type direction struct{ seq, length, signal int }

var requests, responses = direction{32, 48, 56}, direction{40, 52, 60}

// ErrTruncated: the length word says more than the area holds, or nothing.
var ErrTruncated = errors.New("the length word makes no sense")

// Peer is one end of a region. It has one user at a time.
type Peer struct {
	mem       []byte
	says      direction
	hears     direction
	out, in   []byte // areas
	published uint64
	heard     uint64
}

// Attach maps a region that is there and ready, as its client. It begins with the sequences that it finds.
func Attach(path string) (*Peer, error) {
	p, err := open(path)
	if err != nil {
		return nil, err
	}
	p.says, p.hears = requests, responses
	p.out, p.in = p.area(offRequest), p.area(offResponse)
	p.published, p.heard = p.load64(p.says.seq), p.load64(p.hears.seq)
	return p, nil
}

// Create makes a region, as its server: with the capacities in bytes, multiples of 64, owned by this process, and
// without a lock.
func Create(path string, request, response uint32) (*Peer, error) {
	b := make([]byte, headerSize+int(request)+int(response))
	binary.NativeEndian.PutUint32(b[0:], magic)
	binary.NativeEndian.PutUint16(b[4:], 3)
	binary.NativeEndian.PutUint16(b[6:], headerSize)
	for i, v := range []uint32{uint32(os.Getpid()), 1, headerSize, request, headerSize + request, response} {
		binary.NativeEndian.PutUint32(b[8+4*i:], v)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return nil, err
	}
	p, err := open(path)
	if err != nil {
		return nil, err
	}
	p.says, p.hears = responses, requests
	p.out, p.in = p.area(offResponse), p.area(offRequest)
	return p, nil
}

func open(path string) (*Peer, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < headerSize {
		return nil, fmt.Errorf("%s: %d bytes", path, info.Size())
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return &Peer{mem: mem}, nil
}

// area returns the area whose offset and capacity are at off.
func (p *Peer) area(off int) []byte {
	at, n := binary.NativeEndian.Uint32(p.mem[off:]), binary.NativeEndian.Uint32(p.mem[off+4:])
	return p.mem[at : at+n]
}

// Memory returns the whole region.
func (p *Peer) Memory() []byte { return p.mem }

// Publish puts a message into the area, as much of it as there is room for, says that it has length bytes, and wakes
// the other end.
func (p *Peer) Publish(message []byte, length uint32) {
	copy(p.out, message)
	p.store32(p.says.length, length)
	p.published++
	p.store64(p.says.seq, p.published)
	p.add32(p.says.signal, 1)
	p.wake(p.says.signal)
}

// Await waits for the next message of the other end and returns a copy. Errors: ctx's; ErrTruncated.
func (p *Peer) Await(ctx context.Context) ([]byte, error) {
	for {
		over := ctx.Err() // before the look: what was published until then is found
		signal := p.load32(p.hears.signal)
		if p.load64(p.hears.seq) > p.heard {
			break
		}
		if over != nil {
			return nil, over
		}
		p.sleep(p.hears.signal, signal, 20*time.Millisecond)
	}
	p.heard++
	n := p.load32(p.hears.length)
	if n == 0 || uint64(n) > uint64(len(p.in)) {
		return nil, fmt.Errorf("%w: %d of %d", ErrTruncated, n, len(p.in))
	}
	return append([]byte(nil), p.in[:n]...), nil
}

// Published returns how many messages each end has published.
func (p *Peer) Published() (requestsSent, responsesSent uint64) {
	return p.load64(requests.seq), p.load64(responses.seq)
}

// Close unmaps the region. The file stays.
func (p *Peer) Close() error {
	mem := p.mem
	p.mem, p.out, p.in = nil, nil, nil
	if mem == nil {
		return nil
	}
	return os.NewSyscallError("munmap", syscall.Munmap(mem))
}
