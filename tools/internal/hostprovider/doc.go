// Package hostprovider serves the cgroups and processes of this host: packages hostcgroups and hostlookup behind
// the typed servers of CGROUPS_SNAPSHOT, CGROUPS_LOOKUP and APPS_LOOKUP.
//
// A Source makes snapshots in the background, on package snapshot/recompute. Host.NewServer puts a service behind a
// server for the run directory that a consumer looks in: requests have the newest snapshot at once. Embed puts one behind
// a server that only this process knows of, for a command that finds no provider: its requests wait for a listing of
// their own.
package hostprovider
