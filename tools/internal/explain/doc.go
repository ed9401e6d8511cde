// Package explain says what the bytes of a message mean, field by field, and what is wrong with a bad one.
//
// It judges nothing by itself: package codec's decoders decide whether bytes are right, and say which field is
// not. This package knows where the fields lie, so it can point at them, and shows those of a message that no
// decoder takes. Any bytes are safe to explain, and the size of what is said is bounded by what is there.
//
//	e := explain.New()
//	for _, p := range packets {
//		e.Add(p)
//	}
//	report := e.Finish()
//
// Explained are the outer header, chunk headers and whether the chunks of a message fit together, HELLO,
// HELLO_ACK, batch directories, and the payloads of INCREMENT and CGROUPS_SNAPSHOT. Those of other methods are
// shown as they are.
package explain
