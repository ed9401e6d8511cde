// Package hostprovider serves the cgroups and processes of this host: packages hostcgroups and hostlookup behind
// the typed servers of CGROUPS_SNAPSHOT, CGROUPS_LOOKUP and APPS_LOOKUP.
//
// A Source makes snapshots, each on request. Host.NewServer puts a service behind a server for the run directory that
// a consumer looks in; Embed behind one that only this process knows of, for a command that finds no provider.
package hostprovider
