package main

import (
	"context"
	"maps"
	"net/netip"

	"github.com/plugin-ipc/netipc/docs/examples/own-service/ipasn"
	"github.com/plugin-ipc/netipc/snapshot/cache"
)

// Owner is what the cache knows of an address.
type Owner struct {
	ASN  uint32
	Name string
}

// Owners is what is kept: an index, made once and never changed.
type Owners = cache.Map[netip.Addr, Owner]

// source asks the service about some addresses. All but Fetch comes from the client.
type source struct {
	*ipasn.Client
	addrs []netip.Addr
}

// Fetch implements cache.Source: all addresses, or none.
func (s source) Fetch(ctx context.Context, old *cache.Snapshot[Owners]) (cache.Fetched[Owners], error) {
	owners := Owners{}
	for _, a := range s.addrs {
		asn, name, err := s.Lookup(ctx, a)
		if err != nil {
			return cache.Fetched[Owners]{}, err
		}
		owners[a] = Owner{asn, name}
	}
	return cache.Fetched[Owners]{Value: owners, Unchanged: old != nil && maps.Equal(owners, *old.Value())}, nil
}
