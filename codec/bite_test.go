package codec_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An offByOne is a mistake that a decoder could have, and the fuzz target that has to find it.
type offByOne struct {
	file, right, wrong string
	target             string // in the same package
}

var offByOnes = []offByOne{
	{"wire/header.go", "if len(b) < HeaderSize {", "if len(b) < HeaderSize-1 {", "FuzzDecodeHeader"},
	{"wire/chunk.go", "if len(b) < ChunkHeaderSize {", "if len(b) < ChunkHeaderSize-1 {", "FuzzDecodeChunkHeader"},
	{"wire/hello.go", "if len(b) < HelloSize {", "if len(b) < HelloSize-1 {", "FuzzDecodeHello"},
	{"wire/hello_ack.go", "if len(b) < HelloAckSize && !draft {", "if len(b) < HelloAckSize-1 && !draft {", "FuzzDecodeHelloAck"},
	{"wire/batch.go", "uint64(off)+uint64(length) > uint64(packedLen)", "uint64(off)+uint64(length) > uint64(packedLen)+1", "FuzzDecodeBatch"},
	{"wire/batch.go", "uint64(off)+uint64(length) > uint64(packedLen)", "uint64(off)+uint64(length) > uint64(packedLen)+1", "FuzzCheckBatchDir"},
	{"link/reassembler.go", "if size > total {", "if size > total+1 {", "FuzzReassembler"},
	{"link/reassembler.go", "r.count = 0, uint32(1+(rest+room-1)/room)", "r.count = 0, uint32(1+(rest+room)/room)", "FuzzReassembler"},
	{"link/handshake.go", "packet[wire.HeaderSize:])", "packet[wire.HeaderSize-1:])", "FuzzParseHello"},
	{"link/handshake.go", "a.PacketSize < MinPacket ||", "a.PacketSize < MinPacket-1 ||", "FuzzParseAck"},
	{"increment/value.go", "if len(b) < Size {", "if len(b) < Size-1 {", "FuzzDecodeRequest"},
	{"increment/value.go", "if len(b) < Size {", "if len(b) < Size-1 {", "FuzzDecodeResponse"},
	{"stringreverse/value.go", "case end >= uint64(len(b)):", "case end > uint64(len(b)):", "FuzzDecodeRequest"},
	{"stringreverse/value.go", "case end >= uint64(len(b)):", "case end > uint64(len(b)):", "FuzzDecodeResponse"},
	{"cgroupsnapshot/request.go", "case len(b) < RequestSize:", "case len(b) < RequestSize-1:", "FuzzDecodeRequest"},
	{"cgroupsnapshot/response_view.go", "if end > uint64(len(b)) {", "if end > uint64(len(b))+1 {", "FuzzDecodeResponse"},
	{"cgroupsnapshot/item_view.go", "nameNUL < size &&", "nameNUL <= size &&", "FuzzDecodeResponse"},
	{"cgrouplookup/request.go", "case len(key) - nulSize:", "case len(key) - nulSize, len(key) - nulSize - 1:", "FuzzDecodeRequest"},
	{"cgrouplookup/item_view.go", "case nameNUL >= size:", "case nameNUL > size:", "FuzzDecodeResponse"},
	{"applookup/request.go", "case len(key) != keySize:", "case len(key) != keySize && len(key) != keySize-1:", "FuzzDecodeRequest"},
	{"applookup/item_view.go", "case commNUL >= size:", "case commNUL > size:", "FuzzDecodeResponse"},
	{"applookup/item_view.go", "end > uint64(len(b)) ||", "end > uint64(len(b))+1 ||", "FuzzDecodeResponse"},
	{"cgrouplookup/item_view.go", "end > uint64(len(b)) ||", "end > uint64(len(b))+1 ||", "FuzzDecodeResponse"},
	{"internal/lookup/list.go", "case end > uint64(len(packed)):", "case end > uint64(len(packed))+1:", "../../cgrouplookup FuzzDecodeResponse"},
	{"internal/lookup/list.go", "if end > uint64(len(packed)) {", "if end > uint64(len(packed))+1 {", "../../applookup FuzzDecodeRequest"},
	{"internal/lookup/labels.go", "case next > size:", "case next > size+1:", "../../cgrouplookup FuzzDecodeResponse"},
	{"internal/lookup/labels.go", "case next > size:", "case next > size+1:", "../../applookup FuzzDecodeResponse"},
}

// biteTime is how long a fuzz target may look for a planted mistake.
const biteTime = 60 * time.Second

// Fuzzing is proven to bite: each decoder gets an off-by-one, in a copy of the module, and its target finds it.
// With NETIPC_SOAK=1 only, because it builds each package anew for every mistake.
func TestFuzzingBites(t *testing.T) {
	if os.Getenv("NETIPC_SOAK") != "1" {
		t.Skip("NETIPC_SOAK=1 runs it")
	}
	for _, m := range offByOnes {
		t.Run(m.file+"/"+m.target+"/"+m.wrong, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(dir, filepath.FromSlash(m.file))
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(source), m.right) < 1 {
				t.Fatalf("%s has no %q any more: choose another mistake", m.file, m.right)
			}
			if err := os.WriteFile(name, []byte(strings.Replace(string(source), m.right, m.wrong, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			pkg, target, elsewhere := strings.Cut(m.target, " ")
			if !elsewhere {
				pkg, target = ".", m.target
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*biteTime)
			defer cancel()
			cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+target+"$", "-fuzztime", biteTime.String(), pkg)
			cmd.Dir = filepath.Dir(name)
			// Outside the workspace, which knows this module at another place.
			cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "CGO_ENABLED=0")
			begun := time.Now()
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: "+target) {
				t.Fatalf("%s did not find it: %v\n%s", target, err, out)
			}
			t.Logf("found after %v, build included", time.Since(begun).Round(time.Millisecond))
		})
	}
}
