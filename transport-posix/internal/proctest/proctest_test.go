package proctest

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	Play(map[string]func(){
		"echo": func() {
			Say("args %s", strings.Join(Args(), ","))
			for {
				Say("heard %s", Hear())
			}
		},
		"fail": func() { Fail(errors.New("on purpose")) },
	})
	os.Exit(m.Run())
}

func TestLines(t *testing.T) {
	p := Start(t, "echo", "a", "b c")
	if got := p.Await("args"); got != "a,b c" {
		t.Errorf("arguments %q", got)
	}
	if p.PID() == os.Getpid() {
		t.Error("the peer is this process")
	}
	for _, line := range []string{"x", "y z"} {
		p.Tell(line)
		if got := p.Await("heard"); got != line {
			t.Errorf("heard %q, want %q", got, line)
		}
	}
	p.Wait()
}

func TestKill(t *testing.T) {
	p := Start(t, "echo")
	p.Await("args")
	p.Kill9()
	p.Kill9()
}

// recorder is a test that only notes that it failed.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.said = format
}

func TestFailureIsSeen(t *testing.T) {
	r := &recorder{TB: t}
	p := Start(r, "fail")
	p.Wait()
	if r.said == "" {
		t.Error("a role that failed was taken for one that did well")
	}
}
