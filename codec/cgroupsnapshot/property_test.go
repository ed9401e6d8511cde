package cgroupsnapshot_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// text draws any bytes but NUL.
var text = rapid.Custom(func(t *rapid.T) string {
	return string(rapid.SliceOfN(rapid.ByteMin(1), 0, 40).Draw(t, "bytes"))
})

var snapshots = rapid.Custom(func(t *rapid.T) cgroupsnapshot.Snapshot {
	return cgroupsnapshot.Snapshot{
		Generation:     rapid.Uint64().Draw(t, "generation"),
		SystemdEnabled: rapid.Uint32().Draw(t, "systemd enabled"),
		Items: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) cgroupsnapshot.Item {
			u32 := rapid.Uint32()
			return cgroupsnapshot.Item{
				Hash: u32.Draw(t, "hash"), Options: u32.Draw(t, "options"), Enabled: u32.Draw(t, "enabled"),
				Name: text.Draw(t, "name"), Path: text.Draw(t, "path"),
			}
		}), 0, 20).Draw(t, "items"),
	}
})

// naive writes the canonical form the obvious way: the parts apart, then one after the other.
func naive(s cgroupsnapshot.Snapshot) []byte {
	ne := binary.NativeEndian
	var dir, packed []byte
	for _, it := range s.Items {
		for len(packed)%8 != 0 {
			packed = append(packed, 0)
		}
		start := len(packed)
		packed = ne.AppendUint32(packed, versionAndFlags)
		for _, n := range []uint32{
			it.Hash, it.Options, it.Enabled,
			32, uint32(len(it.Name)), uint32(32 + len(it.Name) + 1), uint32(len(it.Path)),
		} {
			packed = ne.AppendUint32(packed, n)
		}
		packed = append(append(append(append(packed, it.Name...), 0), it.Path...), 0)
		dir = ne.AppendUint32(dir, uint32(start))
		dir = ne.AppendUint32(dir, uint32(len(packed)-start))
	}
	b := ne.AppendUint32(nil, versionAndFlags)
	b = ne.AppendUint32(b, uint32(len(s.Items)))
	b = ne.AppendUint32(b, s.SystemdEnabled)
	b = ne.AppendUint32(b, 0)
	b = ne.AppendUint64(b, s.Generation)
	return append(append(b, dir...), packed...)
}

// versionAndFlags is the u16 1 and the u16 0, in host byte order.
var versionAndFlags = binary.NativeEndian.Uint32(binary.NativeEndian.AppendUint16(binary.NativeEndian.AppendUint16(nil, 1), 0))

// decode(encode(v)) == v and encode(decode(b)) == b, and all encoders write what the naive one writes.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := snapshots.Draw(t, "snapshot")
		b := naive(s)
		for name, encode := range encoders {
			if got := encode(t, &s); !bytes.Equal(got, b) {
				t.Fatalf("%s wrote\n%x, want\n%x", name, got, b)
			}
		}
		got := own(t, b)
		if diff := cmp.Diff(s, got, equal); diff != "" {
			t.Fatalf("-encoded +decoded:\n%s", diff)
		}
		if again := encode(t, &got); !bytes.Equal(again, b) {
			t.Fatalf("encoded again:\n%x, was\n%x", again, b)
		}
	})
}

// In a buffer that can grow up to a limit, from whatever start and with whatever hint, building succeeds if
// and only if the canonical form is within the limit, and then writes that.
func TestBuilderIsTheNaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := snapshots.Draw(t, "snapshot")
		want := naive(s)
		limit := rapid.IntRange(max(0, len(want)-80), len(want)+80).Draw(t, "limit")
		buf := dirty(rapid.IntRange(0, limit).Draw(t, "buffer"))
		hint := rapid.OneOf(rapid.IntRange(-1, 30), rapid.Just(math.MaxInt)).Draw(t, "hint")
		grow := growing(&buf, limit)
		if rapid.Bool().Draw(t, "fixed") {
			grow, limit = nil, len(buf)
		}

		var b cgroupsnapshot.Builder
		err := b.Reset(buf, grow, hint)
		b.SetGeneration(s.Generation)
		b.SetSystemdEnabled(s.SystemdEnabled)
		for _, it := range s.Items {
			if err != nil {
				break
			}
			if rapid.Bool().Draw(t, "bytes") {
				err = b.AddBytes(it.Hash, it.Options, it.Enabled, []byte(it.Name), []byte(it.Path))
			} else {
				err = b.Add(it.Hash, it.Options, it.Enabled, it.Name, it.Path)
			}
		}
		n, last := b.Finish()
		if (last == nil) != (len(want) <= limit) {
			t.Fatalf("%d bytes within %d: %v", len(want), limit, last)
		}
		if last != nil {
			if last != err || !errors.Is(err, codec.ErrOverflow) || errors.Is(err, errSession) != (grow != nil) {
				t.Fatalf("error %v, then %v", err, last)
			}
			return
		}
		if n != len(want) || !bytes.Equal(b.Bytes(), want) {
			t.Fatalf("wrote\n%x, want\n%x", b.Bytes(), want)
		}
	})
}

// A damaged payload is refused, or is a snapshot that survives being encoded; never a panic.
func TestDamaged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := naive(snapshots.Draw(t, "snapshot"))
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			at := rapid.IntRange(0, len(b)-4).Draw(t, "at") &^ 3
			to := rapid.OneOf(rapid.Uint32Range(0, 128), rapid.Uint32()).Draw(t, "to")
			change{at, to, 32}.apply(b)
		}
		judge(t, b[:rapid.IntRange(0, len(b)).Draw(t, "length")])
	})
}

// TestForAnIndex: what is there for those who make an index says what the items do.
func TestForAnIndex(t *testing.T) {
	if (cgroupsnapshot.ResponseView{}).NamesSize() != 0 {
		t.Error("an empty snapshot has names")
	}
	rapid.Check(t, func(t *rapid.T) {
		b := naive(snapshots.Draw(t, "snapshot"))
		v, err := cgroupsnapshot.DecodeResponse(b)
		if err != nil {
			t.Fatal(err)
		}
		names := 0
		dir := b[cgroupsnapshot.DirectoryOffset:]
		packed := dir[v.Len()*cgroupsnapshot.EntrySize:]
		for i, it := range v.All() {
			names += it.Name().Len()
			at := binary.NativeEndian.Uint32(dir[i*cgroupsnapshot.EntrySize:])
			if hash := binary.NativeEndian.Uint32(packed[at+4:]); hash != it.Hash() {
				t.Fatalf("at %d there is hash %#x, of item %d it is %#x", at, hash, i, it.Hash())
			}
		}
		if v.NamesSize() != uint64(names) {
			t.Fatalf("names have %d bytes, want %d", v.NamesSize(), names)
		}
	})
}
