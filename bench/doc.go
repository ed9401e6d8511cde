// Package bench measures netipc and what stands beside it: probes of what the machine can do at best, and what
// users would otherwise take (spec 13).
//
// Numbers of a machine mean little, ratios within one run mean a lot. So a Case is measured in rounds, all cases
// taking turns, and what is reported is the median over the rounds with its spread, and the median of the ratios
// to another case of the same round.
//
// Package probe has the probes, package peer the second process, package report the rows and their formats;
// cmd/netipc-bench puts them together.
package bench
