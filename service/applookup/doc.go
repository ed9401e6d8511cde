// Package applookup is the typed client and server of method APPS_LOOKUP: process ids there, and for each of them what
// the provider knows about the process and its cgroup (spec 07, 08). The values that travel are those of package
// codec/applookup.
package applookup
