package explain

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/plugin-ipc/netipc/codec/wire"
)

// Where the fields lie (spec 01, 07). The decoders of package codec have these numbers for themselves; a test
// holds the two against each other.

type fieldDef struct {
	off  int
	size int // 2, 4 or 8
	name string
	must string              // what a value must be that can only be one thing
	hex  bool                // a value that is no quantity
	say  func(uint64) string // what the value means; nil says nothing
}

type layout struct {
	name   string // as in the Layout of codec's errors
	size   int
	fields []fieldDef
}

const (
	magicMessage = 0x4e495043
	magicChunk   = 0x4e43484b
	magicSize    = 4
)

var headerLayout = layout{"header", wire.HeaderSize, []fieldDef{
	{0, 4, "magic", "0x4e495043, or 0x4e43484b for a chunk", true, nil},
	{4, 2, "version", "1", false, nil},
	{6, 2, "header_len", "32", false, nil},
	{8, 2, "kind", "1 REQUEST, 2 RESPONSE or 3 CONTROL", false, func(v uint64) string { return wire.Kind(v).String() }},
	{10, 2, "flags", "", true, sayFlags},
	{12, 2, "code", "", false, nil},
	{14, 2, "transport_status", "", false, func(v uint64) string { return wire.Status(v).String() }},
	{16, 4, "payload_len", "", false, nil},
	{20, 4, "item_count", "", false, nil},
	{24, 8, "message_id", "", false, nil},
}}

var chunkLayout = layout{"chunk header", wire.ChunkHeaderSize, []fieldDef{
	{0, 4, "magic", "0x4e43484b", true, nil},
	{4, 2, "version", "1", false, nil},
	{6, 2, "flags", "0", true, nil},
	{8, 8, "message_id", "", false, nil},
	{16, 4, "total_message_len", "", false, nil},
	{20, 4, "chunk_index", "", false, nil},
	{24, 4, "chunk_count", "", false, nil},
	{28, 4, "chunk_payload_len", "more than 0", false, nil},
}}

var helloLayout = layout{"HELLO", wire.HelloSize, []fieldDef{
	{0, 2, "layout_version", "1", false, nil},
	{2, 2, "flags", "0", true, nil},
	{4, 4, "supported_profiles", "", true, sayProfiles},
	{8, 4, "preferred_profiles", "", true, sayProfiles},
	{12, 4, "max_request_payload_bytes", "", false, nil},
	{16, 4, "max_request_batch_items", "", false, nil},
	{20, 4, "max_response_payload_bytes", "", false, nil},
	{24, 4, "max_response_batch_items", "", false, nil},
	{28, 4, "padding", "0", true, nil},
	{32, 8, "auth_token", "", true, nil},
	{40, 4, "packet_size", "", false, nil},
}}

var helloAckLayout = layout{"HELLO_ACK", wire.HelloAckSize, []fieldDef{
	{0, 2, "layout_version", "1", false, nil},
	{2, 2, "flags", "0", true, nil},
	{4, 4, "server_supported_profiles", "", true, sayProfiles},
	{8, 4, "intersection_profiles", "", true, sayProfiles},
	{12, 4, "selected_profile", "", true, sayProfiles},
	{16, 4, "agreed_max_request_payload_bytes", "", false, nil},
	{20, 4, "agreed_max_request_batch_items", "", false, nil},
	{24, 4, "agreed_max_response_payload_bytes", "", false, nil},
	{28, 4, "agreed_max_response_batch_items", "", false, nil},
	{32, 4, "agreed_packet_size", "", false, nil},
	{36, 4, "padding", "", true, nil},
	{40, 8, "session_id", "", false, nil},
}}

var entryLayout = layout{"directory", 8, []fieldDef{
	{0, 4, "offset", "a multiple of 8", false, nil},
	{4, 4, "length", "", false, nil},
}}

var incrementLayout = layout{"INCREMENT", 8, []fieldDef{
	{0, 8, "value", "", false, nil},
}}

var snapshotRequestLayout = layout{"CGROUPS_SNAPSHOT request", 4, []fieldDef{
	{0, 2, "layout_version", "1", false, nil},
	{2, 2, "flags", "0", true, nil},
}}

var snapshotResponseLayout = layout{"CGROUPS_SNAPSHOT response", 24, []fieldDef{
	{0, 2, "layout_version", "1", false, nil},
	{2, 2, "flags", "0", true, nil},
	{4, 4, "item_count", "", false, nil},
	{8, 4, "systemd_enabled", "", false, sayYesNo},
	{12, 4, "padding", "0", true, nil},
	{16, 8, "generation", "", false, nil},
}}

var snapshotItemLayout = layout{"item", 32, []fieldDef{
	{0, 2, "layout_version", "1", false, nil},
	{2, 2, "flags", "0", true, nil},
	{4, 4, "hash", "", true, nil},
	{8, 4, "options", "", true, nil},
	{12, 4, "enabled", "", false, sayYesNo},
	{16, 4, "name_offset", "32 or more", false, nil},
	{20, 4, "name_length", "", false, nil},
	{24, 4, "path_offset", "32 or more", false, nil},
	{28, 4, "path_length", "", false, nil},
}}

func (d fieldDef) read(b []byte) uint64 {
	switch d.size {
	case 2:
		return uint64(binary.NativeEndian.Uint16(b[d.off:]))
	case 4:
		return uint64(binary.NativeEndian.Uint32(b[d.off:]))
	}
	return binary.NativeEndian.Uint64(b[d.off:])
}

func (d fieldDef) typeName() string { return "u" + strconv.Itoa(8*d.size) }

func (d fieldDef) format(v uint64) string {
	if d.hex && v != 0 {
		return fmt.Sprintf("0x%0*x", 2*d.size, v)
	}
	return strconv.FormatUint(v, 10)
}

func sayFlags(v uint64) string {
	switch {
	case v&uint64(wire.FlagBatch) != 0 && v != uint64(wire.FlagBatch):
		return "BATCH, and bits that nobody knows"
	case v == uint64(wire.FlagBatch):
		return "BATCH"
	case v != 0:
		return "bits that nobody knows: ignored"
	}
	return ""
}

func sayProfiles(v uint64) string { return wire.Profile(v).String() }

func sayYesNo(v uint64) string {
	if v == 0 {
		return "no"
	}
	return "yes"
}
