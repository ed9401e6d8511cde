package sys

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// CPUs returns the processors that the calling thread may run on.
func CPUs() (cpus []int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	for cpu := 0; len(cpus) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// PinThread lets the calling thread, and the processes and threads that it starts from now on, run on these
// processors alone. The caller has locked its goroutine to the thread.
func PinThread(cpus ...int) error { return pin(0, cpus) }

// PinProcess does so with all threads that there are.
func PinProcess(cpus ...int) error {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			return err
		}
		if err := pin(tid, cpus); err != nil && !errors.Is(err, unix.ESRCH) { // the thread may have ended
			return err
		}
	}
	return nil
}

func pin(tid int, cpus []int) error {
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	return os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(tid, &set))
}
