package linktest

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/link"
)

// stuck is after what time without the awaited thing a test gives up. It bounds no test that goes well.
const stuck = 60 * time.Second

// patience returns a deadline for a wait that is to succeed.
func patience() *link.Deadline {
	d := link.Within(stuck)
	return &d
}

// soon returns a deadline for a wait that is to time out.
func soon() *link.Deadline {
	d := link.Within(2 * time.Millisecond)
	return &d
}

// patiently returns a context for a wait that is to succeed. It ends with the test.
func patiently(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), stuck)
	tb.Cleanup(cancel)
	return ctx
}

// Await receives from c. When nothing comes for a minute the test is stuck, and fails with the stacks of all
// goroutines.
func Await[T any](tb testing.TB, what string, c <-chan T) T {
	tb.Helper()
	watchdog := time.NewTimer(stuck)
	defer watchdog.Stop()
	select {
	case v := <-c:
		return v
	case <-watchdog.C:
		tb.Fatalf("waiting for %s: nothing for %v\n\n%s", what, stuck, stacks())
		panic("unreachable")
	}
}

// Eventually waits until cond holds, looking again and again. When it does not for a minute the test is stuck,
// and fails. Use it where nothing tells of the change.
func Eventually(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	watchdog := time.NewTimer(stuck)
	defer watchdog.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !cond() {
		select {
		case <-again.C:
		case <-watchdog.C:
			tb.Fatalf("waiting until %s: not so after %v\n\n%s", what, stuck, stacks())
		}
	}
}

// going runs f beside the test and returns what it returns. The test does not end before f does; what makes f
// end, if f is still waiting by then, is to be registered with tb.Cleanup after going.
func going[T any](tb testing.TB, f func() T) <-chan T {
	result := make(chan T, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		result <- f()
	}()
	tb.Cleanup(func() { Await(tb, "a goroutine of the test to end", done) })
	return result
}

// stacks returns the stacks of all goroutines.
func stacks() []byte {
	b := make([]byte, 64<<10)
	for {
		n := runtime.Stack(b, true)
		if n < len(b) {
			return b[:n]
		}
		b = make([]byte, 2*len(b))
	}
}
