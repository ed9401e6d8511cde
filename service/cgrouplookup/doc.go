// Package cgrouplookup is the typed client and server of method CGROUPS_LOOKUP: paths of cgroups there, and for each of
// them what the provider knows (spec 07, 08). The values that travel are those of package codec/cgrouplookup.
package cgrouplookup
