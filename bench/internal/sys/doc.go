// Package sys has the few system calls that the probes are made of. It exists on Linux only.
package sys
