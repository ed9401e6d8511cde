// Package hostprovider serves the cgroups of this host: package hostcgroups behind the typed server of
// CGROUPS_SNAPSHOT.
//
// A Source makes snapshots in the background, on package snapshot/recompute. NewServer puts it behind a server for
// the run directory that a consumer looks in: requests have the newest snapshot at once. Embed puts one behind a
// server that only this process knows of, for a command that finds no provider: its requests wait for a listing of
// their own.
package hostprovider
