package sys

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// CPUTime returns the processor time that a process has used; 0 is this one.
func CPUTime(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED of linux/posix-timers.h; the rest is how clock_getcpuclockid(3) makes a clock
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &ts); err != nil {
		return 0, os.NewSyscallError("clock_gettime", err)
	}
	return time.Duration(ts.Nano()), nil
}
