// Package lookup is what the clients of both lookups have in common: one call for any number of keys (spec 08, "Lookups
// at any size"). It cuts the keys into parts so that each request fits and so does the least that there is to say about
// each of its keys, sizes the parts by what came back so far, asks again for what had no room, and makes one answer of
// it all. The packages of the two methods give it their types and its names.
package lookup
