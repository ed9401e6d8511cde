// Package applookup is the payload of method APPS_LOOKUP: process ids there, and for each of them what is known
// about that process and its cgroup (spec 07).
//
// A client encodes a Request, and decodes a ResponseView, which borrows the bytes it received; what it wants to
// keep it copies, one item with ItemView.Owned, all of them with ResponseView.Clone. A server decodes a
// RequestView, and answers its keys one after the other with a Builder, which writes straight into the buffer
// that will be sent and sees to it that the answer fits.
//
// Errors wrap a sentinel of package codec and say which item and which field: errors.Is tells the sentinel,
// errors.As with a *codec.Error the rest.
package applookup
