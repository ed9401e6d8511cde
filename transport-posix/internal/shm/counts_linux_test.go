package shm

import (
	"errors"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
)

// A peer that counts up by more than one has said one thing: what lies in the area.
func TestCountsJump(t *testing.T) {
	p := openPair(t, testLimits)
	h := request(1)
	h.Put(p.server.in.area)
	p.server.in.length.Store(32)
	p.server.in.seq.Store(1 << 40)
	var m link.Message
	if err := p.server.Recv(&m, nil); err != nil {
		t.Fatal(err)
	}
	d := link.Within(5 * time.Millisecond)
	wants(t, "receive again", p.server.Recv(&m, &d), link.ErrTimeout)
}

// More bytes than were agreed are refused, whatever the header says of them.
func TestLongerThanAgreed(t *testing.T) {
	limits := testLimits
	limits.RequestPayload = 8 // the area has room for 32
	p := openPair(t, limits)
	h := request(1)
	h.Put(p.server.in.area)
	p.server.in.length.Store(64)
	p.server.in.seq.Store(1)
	wants(t, "receive", p.server.Recv(new(link.Message), nil), link.ErrProtocol)
}

// Drain ends with the peer, whatever counts it has left behind.
func TestDrainOfTheGone(t *testing.T) {
	p := openPair(t, testLimits)
	p.server.in.seq.Store(1 << 40)
	p.client.Close()
	<-p.server.watched
	if err := linktest.Await(t, "Drain", going(func() error { return p.server.Drain(nil) })); err != nil {
		t.Error(err)
	}
}

// The peer is woken although the caller's function between the halves does not return, or does not go on.
func TestOwedWakeIsMade(t *testing.T) {
	why := errors.New("no further")
	for name, sent := range map[string]func() error{
		"error": func() error { return why },
		"panic": func() error { panic(why) },
	} {
		t.Run(name, func(t *testing.T) {
			p := openPair(t, testLimits)
			p.client.seats, p.client.in.brisk = 2, true // so that it is owed
			received := going(func() error { return p.server.Recv(new(link.Message), nil) })
			asleepNow(t, p.server, "thread")
			func() {
				defer func() {
					if v := recover(); v != nil && v != why {
						panic(v)
					}
				}()
				p.client.Reserve(0)
				went, err := p.client.Exchange(request(1), 0, new(link.Message), nil, sent)
				if !went || err != why {
					t.Errorf("went %v, %v", went, err)
				}
			}()
			if err := linktest.Await(t, "Recv", received); err != nil {
				t.Error(err)
			}
		})
	}
}

// Who leaves a dormitory and sleeps on the same word elsewhere is woken there.
func TestLeaveAndSleepAgain(t *testing.T) {
	crowd(t)
	p := openPair(t, testLimits)
	var m link.Message
	for id := uint64(1); id <= 200; id++ {
		d := link.Within(time.Millisecond)
		wants(t, "receive", p.server.Recv(&m, &d), link.ErrTimeout)
		received := going(func() error { return p.server.Recv(&m, nil) })
		if err := send(p.client, id, nil); err != nil {
			t.Fatal(err)
		}
		if err := linktest.Await(t, "Recv", received); err != nil {
			t.Fatal(err)
		}
		if err := send(p.server, id, nil); err != nil {
			t.Fatal(err)
		}
		var answer link.Message
		if err := p.client.Recv(&answer, nil); err != nil {
			t.Fatal(err)
		}
	}
}
