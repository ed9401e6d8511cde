// Package cgroupsnapshot is the typed client and server of method CGROUPS_SNAPSHOT: all cgroups that a provider
// knows, in one answer (spec 07, 08). The values that travel are those of package codec/cgroupsnapshot.
package cgroupsnapshot
