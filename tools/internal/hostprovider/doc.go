// Package hostprovider serves the cgroups of this host: package hostcgroups behind the typed server of
// CGROUPS_SNAPSHOT.
//
// A Source makes snapshots, each on request. New puts it behind a server for the run directory that a consumer
// looks in; Embed behind one that only this process knows of, for a command that finds no provider.
package hostprovider
