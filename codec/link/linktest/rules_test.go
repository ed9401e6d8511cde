package linktest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// A rule is one demand of the specification or of link.Conn, and the subtests that hold it: Part/Subtest, or
// Part/Subtest: case for one of many packets. What is pure, and so no matter of a transport, is held by a test of
// package link: link: TestName.
type rule struct {
	where, text string
	held        []string
}

// messages are the hostile packets of that name in either direction.
func messages(names ...string) (held []string) {
	for _, n := range names {
		held = append(held, "Hostile/Requests: request/"+n, "Hostile/Responses: response/"+n)
	}
	return held
}

// chunks are those of the second and of the third packet.
func chunks(names ...string) (held []string) {
	for _, n := range names {
		held = append(held, messages("chunk 1 "+n, "chunk 2 "+n)...)
	}
	return held
}

// odd are the messages that are taken, by either side.
func odd(names ...string) (held []string) {
	for _, n := range names {
		held = append(held, "Hostile/OddButRight: server/"+n, "Hostile/OddButRight: client/"+n)
	}
	return held
}

func each(prefix string, names ...string) (held []string) {
	for _, n := range names {
		held = append(held, prefix+n)
	}
	return held
}

func refusedHello(names ...string) []string  { return each("Hostile/Clients: hello/", names...) }
func refusedAck(names ...string) []string    { return each("Hostile/Servers: ack/", names...) }
func acceptedHello(names ...string) []string { return each("Handshake/EachFieldOfHello: ", names...) }
func acceptedAck(names ...string) []string   { return each("Handshake/OddAnswers: ", names...) }

func all(lists ...[]string) (held []string) {
	for _, l := range lists {
		held = append(held, l...)
	}
	return held
}

func plain(names ...string) []string { return names }

// suiteNames returns every subtest and every case there is.
func suiteNames() map[string]bool {
	names := map[string]bool{}
	for _, p := range suite() {
		for _, s := range p.tests {
			names[p.name+"/"+s.name] = true
		}
	}
	by := map[Stage]string{InsteadOfHello: "Clients", InsteadOfAck: "Servers", InsteadOfRequest: "Requests", InsteadOfResponse: "Responses"}
	for _, p := range HostilePackets() {
		names["Hostile/"+by[p.Stage]+": "+p.Name] = true
	}
	for _, o := range oddMessages(request(1)) {
		names["Hostile/OddButRight: server/"+o.name] = true
		names["Hostile/OddButRight: client/"+o.name] = true
	}
	for _, o := range oddAcks() {
		names["Handshake/OddAnswers: "+o.name] = true
	}
	for _, c := range helloCases() {
		names["Handshake/EachFieldOfHello: "+c.name] = true
	}
	// Of these the cases are named, not they themselves.
	for _, of := range []string{"Hostile/Clients", "Hostile/Servers", "Hostile/Requests", "Hostile/Responses", "Hostile/OddButRight", "Handshake/OddAnswers", "Handshake/EachFieldOfHello"} {
		delete(names, of)
	}
	return names
}

// Every rule is held by subtests that exist, and every subtest holds a rule.
func TestRules(t *testing.T) {
	names, used := suiteNames(), map[string]bool{}
	elsewhere := testsOfLink(t)
	for _, r := range rules {
		if len(r.held) == 0 {
			t.Errorf("%s: nothing holds %q", r.where, r.text)
		}
		for _, name := range r.held {
			if !names[name] && !elsewhere[name] {
				t.Errorf("%s: %q is said to be held by %q, which does not exist", r.where, r.text, name)
			}
			used[name] = true
		}
	}
	for name := range names {
		if !used[name] {
			t.Errorf("%q holds no rule: name it in one, or it checks what nobody has promised", name)
		}
	}
}

// testsOfLink returns the tests of package link.
func testsOfLink(t *testing.T) map[string]bool {
	files, err := filepath.Glob("../*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("the tests of package link: %v, %v", files, err)
	}
	names := map[string]bool{}
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(source, -1) {
			names["link: "+string(m[1])] = true
		}
	}
	return names
}
