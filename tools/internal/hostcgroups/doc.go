// Package hostcgroups lists the cgroups of this host: what `netipc serve
// cgroups-snapshot` answers with. There is no IPC in it.
//
//	l := hostcgroups.New(hostcgroups.Config{})
//	rows, report, err := l.List(ctx, rows[:0])
//
// # Which hierarchy
//
// A host has one cgroup v2 hierarchy, several v1 hierarchies, or both. Rows come
// from exactly one of them, the identity:
//
//  1. v2, if it has controllers or if a cgroup below its root holds processes;
//  2. else systemd's named v1 hierarchy (name=systemd);
//  3. else v1 memory;
//  4. else any other v1 hierarchy (pids, cpu, cpuacct, blkio, devices, freezer,
//     cpuset, then the rest by mount point), and at the very end v2 as it is.
//
// A hierarchy that holds nothing but its root identifies nobody, so it is passed
// over while a later one holds somebody: a machine with idle v2 and systemd mounts
// beside a populated v1 memory is not an empty host. If all are like that, the
// first of the order is the identity and the listing is empty, which is an answer
// and no error; so is a host without any cgroup file system. The choice is made
// anew by every listing, since mounts and members come and go, but a Lister passes
// over no hierarchy that it has seen populated: rows do not jump to another
// hierarchy because the last cgroup of theirs was removed.
//
// # Rows
//
// One row per cgroup below the root, in the order of filepath.WalkDir; the root
// itself is the host and has no row. A row is complete or absent: everything in it
// follows from the path of one directory that existed when it was visited. What
// vanishes while the walk goes on is left out and counted.
//
// # Names
//
// (hash, name) is a row's identity on the wire, so names are unique in a listing,
// and a cgroup's name follows from its own path and its runtime's state, not from
// its neighbours:
//
//   - units of the system manager: the unit's own name, which systemd keeps unique,
//     unescaped and without ".service" (and without ".scope" for login sessions):
//     "ssh", "session-3", "user-1000.slice", "init.scope";
//   - units of a user's manager: below its name, "user@1000/init.scope";
//   - containers and machines: the name their runtime gave ("web", "cntr_default_web-0_nginx",
//     "pod_default_web-0", "qemu_vm19"), else one made of the id ("docker-0123456789ab");
//   - what lies inside a unit or container: its name and the rest of the path, "ssh/worker";
//   - all else: the path, "process_api/4711".
//
// Should two rows still ask for one name (docker and podman may both have a "web"), then
// the shallowest path keeps it, the lesser path among equals, and the others go by their path. Bytes that
// could harm a terminal or a text file are written as \xNN.
//
// # Labels
//
// Lister.Facts tells more, as labels. A label that is not known is not there.
//
//	unit, slice           the innermost of the system manager, of what is no container: "ssh.service", "system.slice"
//	user_unit             the innermost of a user's manager, which unit names: "dbus.service" of "user@1000.service"
//	container_id          64 hexadecimal digits
//	container_name, image as docker, podman or lxc call them
//	machine_name          of nspawn and of virtual machines
//	k8s_pod_uid, k8s_qos_class                   from the path
//	k8s_namespace, k8s_pod_name, k8s_container_name  from containerd, CRI-O or docker
//	label.KEY             what docker's user has said, at most 32, in the order of KEY
//
// Facts.Settled tells a name that will come from one that will not. It waits for no runtime that keeps nothing
// here, or nothing that may be read, and for no other longer than ten seconds.
package hostcgroups
