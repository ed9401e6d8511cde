// Package cache keeps the latest value of a service at hand: reads without I/O, locks or allocations, from any number
// of goroutines, while a new value is fetched, and while there is no provider (spec 09).
//
// It is for services of one's own; package cgroups is the cache of cgroups, and stands on this one. What is kept is any
// type T, usually a struct with an index; its methods are the lookups. A user says how an answer becomes a T, and has
// all that is alike in caches: T is made aside and published by one atomic store, whatever goes wrong keeps the last
// good one, the same bytes again are recognised before anything is made of them, refreshes are counted, and Run is a
// loop for those who have none.
//
// A T that one request brings comes from a Client:
//
//	client := cache.NewClient[ipasn.Method](dialer, service.Config{}, cache.Kind[netip.Addr, ipasn.View, Owner]{
//		Request: addr,
//		Make: func(a cache.Answer[ipasn.View]) (Owner, error) {
//			return Owner{a.View.ASN(), a.View.Name().String()}, nil
//		},
//	})
//	owner := cache.New(client, cache.Config{})
//
// Where it takes several requests, or several services, a type of one's own is the Source: a typed client has all of
// its methods but Fetch.
package cache
