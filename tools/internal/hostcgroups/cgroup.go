package hostcgroups

// Cgroup is one row of a listing. Its strings are its own; rows may be kept.
type Cgroup struct {
	// Path is the path in the hierarchy, as /proc/PID/cgroup shows it to this
	// process: "/system.slice/ssh.service". It may hold any byte but NUL.
	Path string
	// FullPath is the directory: "/sys/fs/cgroup/system.slice/ssh.service". It is
	// what goes on the wire as the item's path, as deployed providers have it.
	FullPath string
	// Name is unique in its listing, never empty, and holds no control characters.
	Name string
	Kind Kind
	// Enabled says that the cgroup is worth a chart: it may hold processes of its
	// own. It is false for what only groups others or parts one up: slices,
	// directories that container managers make for their containers, pods, the
	// virtual CPUs of a machine. It depends on the path alone, so a listing does
	// not change because a process came or went.
	Enabled bool
}

// Options is the wire field of that name: a set of bits, none of which is
// defined, so every row says 0.
func (Cgroup) Options() uint32 { return 0 }

// Report says how a listing came about.
type Report struct {
	// Identity is the hierarchy that was walked; zero when the host has none.
	Identity Hierarchy
	// Systemd is true if systemd runs this host: the wire's systemd_enabled.
	Systemd bool
	// Vanished counts cgroups that were removed between being seen and being visited.
	Vanished int
	// Denied counts directories that could not be read for want of permission; what is below them is missing.
	Denied int
	// TooLong counts cgroups whose path exceeds the system's limit; they and what is below them are missing.
	TooLong int
	// Renamed counts rows that had to go by their path because another row has their name.
	Renamed int
	// Truncated is true if Config.MaxCgroups ended the walk.
	Truncated bool
}

// Config says where to look. The zero value is this host.
type Config struct {
	// Root is put before every path that is opened, and appears in no row: a
	// host's file system seen from a container, or a tree of fixtures. Empty: "/".
	Root string
	// MountInfo is the file that lists the mounts, in the format of proc(5), itself not below Root.
	// Empty: Root/proc/self/mountinfo. Name Root/proc/1/mountinfo to see the mounts of
	// a host whose /proc is bind-mounted below Root.
	MountInfo string
	// MaxCgroups bounds a listing. Zero: 1,048,576.
	MaxCgroups int
}
