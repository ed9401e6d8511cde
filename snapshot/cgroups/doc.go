// Package cgroups keeps the latest snapshot of a cgroups provider at hand: lookups without I/O, locks or
// allocations, from any number of goroutines, while a new snapshot is fetched, and while there is no provider
// (spec 09).
//
// A Cache asks when it is told to, by Refresh or by Run, and never by itself. Each answer becomes a Snapshot: an
// immutable value with an index, made aside and published by one atomic store. Whatever goes wrong, the last
// good one stays. The whole of what a consumer has to do is a loop:
//
//	for ctx.Err() == nil {
//		if err := cache.Refresh(ctx); err != nil {
//			log.Printf("data is %v old: %v", cache.Status().Age, err)
//		}
//		...
//	}
//
// A Refresh connects when there is no session, so the loop also outlives providers that start late, restart or
// are killed.
//
// What a provider sends is checked, but not trusted: neither equal nor adverse hashes, nor names that occur
// twice, nor items that share their bytes make lookups or refreshes slower than their size allows. See
// Config.MaxBytes for the one thing that is refused.
package cgroups
