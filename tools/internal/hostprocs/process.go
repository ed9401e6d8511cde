package hostprocs

// CommMax is how long a command's name is at most, in bytes. The kernel shows longer ones for its own threads.
const CommMax = 15

// MaxPID is no pid, and neither is any number above it: the kernel's limit, whatever the system is configured for.
const MaxPID = 1 << 22

// Process is what /proc says about one process. Comm and Cgroups are borrowed: valid until the function that was
// given the process returns; copy to keep.
type Process struct {
	PID  uint32
	PPID uint32 // 0: none, or one outside of this pid namespace
	UID  uint32 // effective, as this user namespace sees it
	// Exiting says that it has begun to end, or is a zombie. In v1 hierarchies such a process is in the root cgroup,
	// wherever it was when it lived.
	Exiting   bool
	StartTime uint64 // clock ticks since boot: field 22 of /proc/PID/stat
	// Comm is the name of the command: 1 to CommMax bytes, any but NUL. "?" if the process has taken its name away.
	Comm []byte
	// Cgroups is the text of /proc/PID/cgroup; CgroupPath finds a hierarchy in it. Nil if it may not be read.
	Cgroups []byte
}

// Report says how a walk went.
type Report struct {
	Processes int // that were given to the caller
	Vanished  int // that ended between being seen and being read
	Denied    int // that may not be read
	Bad       int // whose files nobody can read; the kernel writes none such
}

// Config says where to look. The zero value is this host.
type Config struct {
	// Root is put before /proc: a host's file system seen from a container, or a tree of fixtures. Empty: "/".
	Root string
}
