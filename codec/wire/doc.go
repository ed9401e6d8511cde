// Package wire is the envelope of netipc messages: header, batch directory, chunk header, HELLO and HELLO_ACK
// (spec 01). It is pure: bytes in, values out; no I/O, and no allocation but that of an error.
//
// Decoders check what the layout fixes and nothing else; what a receiver holds against agreed limits is the
// business of package link. Decoders accept trailing bytes, as deployed peers do.
//
// Errors wrap one of the sentinels here or in package codec, and say which field is wrong: errors.Is tells the
// sentinel, errors.As with a *codec.Error the rest.
package wire
