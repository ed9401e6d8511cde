package place

import (
	"errors"
	"os"
	"runtime"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/internal/sys"
)

// CPUs returns the processor of this side and of the other, -1 for no matter. The error is a bench.Skip where
// there are too few.
func (p Placement) CPUs() (here, there int, err error) {
	if p == Any {
		return -1, -1, nil
	}
	cpus, err := sys.CPUs()
	switch {
	case err != nil:
		return 0, 0, err
	case p == One:
		return cpus[0], cpus[0], nil
	case len(cpus) < 2:
		return 0, 0, bench.Skip("needs two processors")
	}
	return cpus[0], cpus[1], nil
}

// Start calls start so that a process that it starts is placed as the other side, and then places this process. Both
// then have one processor, and know it: Go would notice by itself, but only within a second, and for as long again it
// would not notice the end.
// The caller calls leave, when the other side is gone, to have this process as it was.
func (p Placement) Start(start func() error) (leave func() error, err error) {
	here, there, err := p.CPUs()
	if err != nil {
		return nil, err
	}
	if p == Any {
		return func() error { return nil }, start()
	}
	before, err := sys.CPUs()
	if err != nil {
		return nil, err
	}
	procs := runtime.GOMAXPROCS(0)
	leave = func() error {
		err := sys.PinProcess(before...)
		unlimit(procs)
		return err
	}
	runtime.LockOSThread() // a process inherits from the thread that starts it
	defer runtime.UnlockOSThread()
	err = sys.PinThread(there)
	if err == nil {
		err = start()
	}
	if err == nil {
		err = sys.PinProcess(here)
	}
	if err == nil {
		runtime.GOMAXPROCS(1)
	}
	if err != nil {
		return nil, errors.Join(err, leave())
	}
	return leave, nil
}

// unlimit lets this process use all of its processors again, or as many as it had been told to.
func unlimit(procs int) {
	if os.Getenv("GOMAXPROCS") != "" {
		runtime.GOMAXPROCS(procs)
		return
	}
	runtime.SetDefaultGOMAXPROCS()
}
