// Package cli is the netipc command: one file a subcommand, and what they share.
//
// A command writes what it was asked for to standard output, and everything else to standard error. Nothing here
// calls os.Exit, installs signal handlers or looks at the process's own streams, but Main; so tests run commands
// in their own process with Run.
package cli
