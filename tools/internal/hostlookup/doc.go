// Package hostlookup knows the processes and cgroups of this host, ready to be looked up: what `netipc serve
// apps-lookup cgroups-lookup` answers with. There is no IPC in it; the handlers it has fill in builders.
//
// # The table
//
// A Table is immutable: of every process and every cgroup the item that goes on the wire, strings already cut. To
// look one up is to read a map. A Source has the newest Table behind an atomic pointer, and makes the next one with
// one walk of /proc and one listing of cgroups (packages hostprocs, hostcgroups); Run does so as long as somebody asks.
//
// # How old an answer is
//
// An item tells of one process, at one moment: pid, start time and the rest belong together, always. When that
// moment was:
//
//   - A request for few pids (up to FewPIDs) is answered from /proc itself, read after the request came. So is, in any
//     request, a pid that the table does not have, up to OnDemand of them; for more the table is made anew.
//   - In a request for many, a pid that the table has is answered from it. The table is at most MaxAge old when the
//     request comes (a second), or, where reading the host takes longer than a sixth of that, six times as long as
//     that takes; else it is made anew first. For that long a process that has ended is still answered, and one that
//     has moved to another cgroup is seen in the old one. If its pid is used again meanwhile, the answer is the old
//     process, whole: whoever knows the start time can tell.
//   - A cgroup is listed when the table is made, or looked at when it is asked for and not in the table. Names that
//     runtimes give are as old as hostcgroups lets them become: ten seconds.
//
// # What is not known
//
// For a cgroup, CGROUPS_LOOKUP and APPS_LOOKUP tell "not yet" from "never":
//
//   - UNKNOWN_RETRY_LATER: there is no such cgroup now, but one may be made; or its runtime has not told its name, and is expected to.
//     For a process also: its cgroup may not be read by this provider; or it is ending, and has left its cgroup before, as with v1.
//   - UNKNOWN_PERMANENT: the path cannot be that of a cgroup; or it holds the id of a container that is gone, and ids do not come
//     twice. For a process also: its cgroup lies outside of what this provider can see.
//   - HOST_ROOT: the process is in the root cgroup, or this host has no cgroups.
//
// What is known has a name, be it made of the path; only who runs it may be unknown. Paths are those of
// /proc/PID/cgroup ("/system.slice/ssh.service"); the directory that CGROUPS_SNAPSHOT tells is understood as well.
//
// # Generation
//
// All answers of a Source have generation 1. An answer that takes several requests must be of one generation, or it
// fails; processes come and go between any two requests, and every item stands for itself. What is UNKNOWN_PERMANENT stays so.
package hostlookup
