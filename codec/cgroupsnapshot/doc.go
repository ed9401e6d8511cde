// Package cgroupsnapshot is the payload of method CGROUPS_SNAPSHOT: all cgroups that a producer knows, at one
// moment (spec 07).
//
// A server answers with a Builder, which writes straight into the buffer that will be sent, or encodes a
// Snapshot that it owns. A client decodes a ResponseView, which borrows the bytes it received, and copies what
// it wants to keep: one item with ItemView.Owned, all of them with ResponseView.Clone.
//
// Errors wrap a sentinel of package codec and say which item and which field: errors.Is tells the sentinel,
// errors.As with a *codec.Error the rest.
package cgroupsnapshot
