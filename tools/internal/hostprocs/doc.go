// Package hostprocs reads the processes of this host from /proc: who they are, whose children, since when, and in
// which cgroup. There is no IPC in it.
//
//	r := hostprocs.New(hostprocs.Config{})
//	report, err := r.Walk(ctx, func(p *hostprocs.Process) { ... })
//
// # One process a row
//
// Pids are used again, and a process may end between two reads. Everything about a process is therefore read
// through one descriptor of its directory in /proc. Such a descriptor stands for the process, not for its number:
// when the process has ended, reads through it fail, also if another process has its pid by then. A Process is
// one process, at one moment or two close together, or there is none.
//
// # Why parsers of our own
//
// github.com/prometheus/procfs opens each file by the process's number, so that a number used again in between gives
// a mixture, and takes fields that nobody asks for apart: BenchmarkProcfs beside BenchmarkRead. The tests hold what
// is read here against what it reads.
package hostprocs
