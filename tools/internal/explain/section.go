package explain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/plugin-ipc/netipc/codec"
)

// maxShown bounds how much of a string or of unexplained bytes is shown: items may overlap, so that a short
// message can hold the same long string thousands of times.
const maxShown = 512

// section adds a section with the fields of l that b has, which lies at base. A field that is cut is shown as
// the bytes that are there.
func (x *explanation) section(title string, l layout, b []byte, base int) *Section {
	s := &Section{Title: title}
	x.p.Sections = append(x.p.Sections, s)
	s.add(l, b, base)
	return s
}

func (s *Section) add(l layout, b []byte, base int) {
	for _, d := range l.fields {
		if d.off >= len(b) {
			return
		}
		if d.off+d.size > len(b) {
			rest := b[d.off:]
			s.Fields = append(s.Fields, Field{
				Offset: base + d.off, Size: len(rest), Type: "bytes", Name: d.name,
				Value: hex.EncodeToString(rest), text: fmt.Sprintf("% x", rest),
				Wrong: fmt.Sprintf("cut: %d of its %d bytes are there", len(rest), d.size),
			})
			return
		}
		v := d.read(b)
		f := Field{Offset: base + d.off, Size: d.size, Type: d.typeName(), Name: d.name, Value: v, text: d.format(v)}
		if d.say != nil {
			f.Note = d.say(v)
		}
		s.Fields = append(s.Fields, f)
	}
}

// field returns the field of that name, or nil.
func (s *Section) field(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

// say notes what a field means.
func (s *Section) say(name, note string) {
	if f := s.field(name); f != nil {
		f.Note = note
	}
}

// str adds a string that lies at offset.
func (s *Section) str(name string, b []byte, offset int) {
	f := Field{Offset: offset, Size: len(b), Type: "string", Name: name}
	if len(b) > maxShown {
		f.Cut = len(b) - maxShown
		b = b[:maxShown]
	}
	f.Value = string(b)
	f.text = strconv.Quote(string(b))
	if !utf8.Valid(b) {
		f.Hex = hex.EncodeToString(b)
	}
	s.Fields = append(s.Fields, f)
}

// rawName is the name of bytes that nobody explains.
const rawName = "bytes"

// raw adds bytes that nobody explains.
func (s *Section) raw(b []byte, offset int) {
	f := Field{Offset: offset, Size: len(b), Type: "bytes", Name: rawName}
	if len(b) > maxShown {
		f.Cut = len(b) - maxShown
		b = b[:maxShown]
	}
	f.Value = hex.EncodeToString(b)
	f.text = fmt.Sprintf("% x", b)
	s.Fields = append(s.Fields, f)
}

// aliases are the fields that codec's errors name although they are no field of a layout.
var aliases = map[string]string{
	"directory":                 "item_count",
	"name":                      "name_length",
	"path":                      "path_length",
	"name and path share bytes": "path_offset",
}

// fail records why a decoder refused what section s shows: size bytes of layout l at base.
func (x *explanation) fail(s *Section, l layout, err error, base, size int) {
	x.failBecause(s, l, err, base, size, "")
}

// failBecause is fail, with something to add.
func (x *explanation) failBecause(s *Section, l layout, err error, base, size int, because string) {
	name, what := "", err
	var ce *codec.Error
	if errors.As(err, &ce) {
		name, what = ce.Field, ce.Err
	}
	if name == "" {
		x.problem(base+size, s.Title, fmt.Sprintf("%v: it ends after %d bytes, %d are due", what, size, l.size))
		return
	}
	f := s.field(name)
	if f == nil {
		f = s.field(aliases[name])
	}
	if f == nil {
		x.problem(base, s.Title+": "+name, what.Error())
		return
	}
	wrong := what.Error()
	for _, d := range l.fields {
		if d.name == name && d.must != "" {
			wrong += ", must be " + d.must
		}
	}
	if because != "" {
		wrong += ": " + because
	}
	if f.Name != name {
		wrong = name + ": " + wrong
	}
	x.wrong(s, f.Name, wrong)
}

// wrong marks a field, and records it as the packet's problem.
func (x *explanation) wrong(s *Section, name, wrong string) {
	f := s.field(name)
	if f.Wrong == "" {
		f.Wrong = wrong
	}
	x.problem(f.Offset, s.Title+": "+f.Name, "is "+f.text+": "+wrong)
}
