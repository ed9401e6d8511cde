// Package rundir makes the directories that sockets stand in.
package rundir
