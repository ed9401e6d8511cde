package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
	typed "github.com/plugin-ipc/netipc/service/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostprovider"
)

// hierarchy returns where the cgroups of this host are. It skips the test where there are none.
func hierarchy(t *testing.T) string {
	t.Helper()
	found, err := hostcgroups.Detect(hostcgroups.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Identity.Version == 0 {
		t.Skip("this host has no cgroup hierarchy")
	}
	return found.Identity.Mountpoint
}

// ownCgroup makes a cgroup of this test's own, and removes it with all that is in it. It skips the test where
// that is not allowed.
func ownCgroup(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(hierarchy(t), fmt.Sprintf("netipc-test-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("real cgroups cannot be made here: %v", err)
	}
	t.Cleanup(func() {
		var dirs []string
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
			if d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		slices.Reverse(dirs)
		for _, d := range dirs {
			poll(t, d+" to go", func() bool {
				err := os.Remove(d)
				return err == nil || errors.Is(err, fs.ErrNotExist)
			})
		}
	})
	return dir
}

// walk lists the directories below one, by means of their own.
func walk(t *testing.T, root string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
			return nil
		case err != nil:
			return err
		}
		if d.IsDir() && path != root {
			found[path] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

type jsonRow struct {
	Name    string
	NameHex string `json:"name_hex"`
	Path    string
	PathHex string `json:"path_hex"`
	Hash    uint32
	Options uint32
}

func getRows(t *testing.T, runDir string) []jsonRow {
	t.Helper()
	r := run(t, "get", "cgroups", "-o", "json", "--run-dir", runDir)
	r.expect(t, 0)
	var doc struct{ Cgroups []jsonRow }
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatal(err)
	}
	for i := range doc.Cgroups {
		row := &doc.Cgroups[i]
		row.Name, row.Path = textOf(t, row.Name, row.NameHex), textOf(t, row.Path, row.PathHex)
	}
	return doc.Cgroups
}

func pathsOf(rows []jsonRow) map[string]bool {
	paths := map[string]bool{}
	for _, r := range rows {
		paths[r.Path] = true
	}
	return paths
}

// What is shown is what a walk of the hierarchy finds, once nothing has moved for long enough: other tests, and the
// host itself, make and remove cgroups, and a provider's listing is a little older than the question.
func TestGetEqualsTheHost(t *testing.T) {
	root := hierarchy(t)
	dir := tempDir(t)
	serve(t, dir)
	for _, runDir := range []string{dir, tempDir(t)} { // a provider's answer, and the embedded one's
		before, rows := walk(t, root), getRows(t, runDir)
		for patience := time.Now().Add(time.Minute); ; {
			moved := !maps.Equal(before, walk(t, root))
			if !moved && maps.Equal(before, pathsOf(rows)) {
				break
			}
			if time.Now().After(patience) {
				if moved {
					t.Skip("the cgroups of this host changed for a minute without a pause")
				}
				break
			}
			before, rows = walk(t, root), getRows(t, runDir)
		}
		names, paths := map[string]bool{}, map[string]bool{}
		for _, r := range rows {
			if names[r.Name] || paths[r.Path] {
				t.Errorf("%q at %q is there twice", r.Name, r.Path)
			}
			names[r.Name], paths[r.Path] = true, true
			if !before[r.Path] {
				t.Errorf("%q is on no walk", r.Path)
			}
			if r.Hash != cgroupsnapshot.HashName(r.Name) || r.Name == "" {
				t.Errorf("%q: hash %d", r.Name, r.Hash)
			}
		}
		for path := range before {
			if !paths[path] {
				t.Errorf("%q is missing", path)
			}
		}
		t.Logf("%d cgroups below %s", len(rows), root)
	}
}

// Cgroups of our own, with names that the kernel allows and nobody expects.
func TestGetRealCgroups(t *testing.T) {
	base := ownCgroup(t)
	want := []string{base}
	for _, name := range []string{
		"plain", "plain/inner", "plain/inner/most", "with space", `back\slash`, "日本語", "bad\xff\xfeutf8", "esc\x1b[31mred",
		"web.service", "a.scope", "b.slice", "b.slice/c.service", strings.Repeat("long", 50),
	} {
		path := filepath.Join(base, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Logf("the kernel refuses %q: %v", name, err)
			continue
		}
		want = append(want, path)
	}
	dir := tempDir(t)
	serve(t, dir)
	var got []string
	for _, r := range getRows(t, dir) {
		if r.Path == base || strings.HasPrefix(r.Path, base+"/") {
			got = append(got, r.Path)
			if r.Hash != cgroupsnapshot.HashName(r.Name) || r.Options != 0 {
				t.Errorf("%+v", r)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// churn makes cgroups and removes them, and remembers what was there when.
type churn struct {
	mu    sync.Mutex
	clock int // counts what has happened
	lives map[string]*life
}

// life is when things happened to a cgroup; 0 is not yet.
type life struct{ making, made, removing, removed int }

// mark notes that something happens to a cgroup now.
func (c *churn) mark(path string, at func(*life) *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	l := c.lives[path]
	if l == nil {
		l = &life{}
		c.lives[path] = l
	}
	*at(l) = c.clock
}

func (c *churn) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock
}

func (c *churn) make(path string) error {
	c.mark(path, func(l *life) *int { return &l.making })
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	c.mark(path, func(l *life) *int { return &l.made })
	return nil
}

func (c *churn) remove(path string) error {
	c.mark(path, func(l *life) *int { return &l.removing })
	err := os.Remove(path)
	for errors.Is(err, syscall.EBUSY) { // the kernel is not done with it yet
		err = os.Remove(path)
	}
	if err != nil {
		return err
	}
	c.mark(path, func(l *life) *int { return &l.removed })
	return nil
}

// check says what is wrong with a listing that was begun and ended at these times.
func (c *churn) check(begun, ended int, listed map[string]bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for path := range listed {
		switch l := c.lives[path]; {
		case l == nil || l.making > ended:
			return fmt.Errorf("%q was not made", path)
		case l.removed != 0 && l.removed <= begun:
			return fmt.Errorf("%q was removed before", path)
		}
	}
	for path, l := range c.lives {
		throughout := l.made != 0 && l.made <= begun && (l.removing == 0 || l.removing > ended)
		if throughout && !listed[path] {
			return fmt.Errorf("%q was there all the time and is missing", path)
		}
	}
	return nil
}

// run makes and removes n cgroups, a few hundred of which are there at any time.
func (c *churn) run(base string, n int) error {
	const window = 300
	path := func(i int) string { return fmt.Sprintf("%s/g%d/c%05d", base, i%7, i) }
	for i := range 7 {
		if err := c.make(fmt.Sprintf("%s/g%d", base, i)); err != nil {
			return err
		}
	}
	for i := range n + window {
		if i < n {
			if err := c.make(path(i)); err != nil {
				return err
			}
		}
		if i >= window {
			if err := c.remove(path(i - window)); err != nil {
				return err
			}
		}
	}
	for i := range 7 {
		if err := c.remove(fmt.Sprintf("%s/g%d", base, i)); err != nil {
			return err
		}
	}
	return nil
}

// 10,000 real cgroups come and go while a consumer refreshes. Every row is one that was there, whole: its name,
// its path and its hash belong together; none is there twice; none is missing that was there all the time; and
// two snapshots of one generation are the same.
func TestTenThousandCgroups(t *testing.T) {
	base := ownCgroup(t)
	dir := tempDir(t)
	spawnProvider(t, dir, "--interval", "1ms")
	d, err := local.NewDialer(dir, typed.ServiceName)
	if err != nil {
		t.Fatal(err)
	}
	cache := cgroups.New(d, cgroups.Config{Client: service.Config{MaxResponsePayload: hostprovider.ResponseLimit}})
	defer cache.Close()

	c := &churn{lives: map[string]*life{}}
	done := make(chan error, 1)
	go func() { done <- c.run(base, 10_000) }()

	var last *cgroups.Snapshot
	var asked []question
	refreshes, rows := 0, 0
	for over := false; !over; refreshes++ {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			over = true
		default:
		}
		begun := c.now()
		if err := cache.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		ended := c.now()
		s := cache.Snapshot()
		listed := ours(t, s, base)
		rows += len(listed)
		if last == nil || s.Generation() != last.Generation() {
			if err := c.check(listedAfter(asked, s.Generation()), ended, listed); err != nil {
				t.Fatal(err)
			}
		}
		asked = append(asked, question{begun, s.Generation()})
		switch {
		case last == nil:
		case s.Generation() < last.Generation():
			t.Fatalf("generation %d after %d", s.Generation(), last.Generation())
		case s.Generation() == last.Generation() && !slices.Equal(slices.Collect(s.All()), slices.Collect(last.All())):
			t.Fatalf("two snapshots of generation %d differ", s.Generation())
		}
		last = s
	}
	if rows == 0 {
		t.Error("the consumer has seen none")
	}
	t.Logf("%d refreshes, %d rows of ours, generation %d", refreshes, rows, last.Generation())
}

// question is when a snapshot was asked for, and the generation that came.
type question struct {
	begun      int
	generation uint64
}

// listedAfter returns a time before which the listing of a generation, asked for after these questions, has not begun.
// If the answer to a question was g, listing g+1 had not ended when it was asked, so g+2 had not begun.
func listedAfter(asked []question, generation uint64) (begun int) {
	for _, q := range asked {
		if q.generation+2 <= generation {
			begun = q.begun
		}
	}
	return begun
}

// ours returns the paths of the rows below base, each of which must be whole.
func ours(t *testing.T, s *cgroups.Snapshot, base string) map[string]bool {
	t.Helper()
	listed := map[string]bool{}
	for it := range s.All() {
		if !strings.HasPrefix(it.Path(), base+"/") {
			continue
		}
		if listed[it.Path()] {
			t.Fatalf("%q is there twice", it.Path())
		}
		listed[it.Path()] = true
		if !strings.HasSuffix(it.Name(), it.Path()[len(base):]) || it.Hash() != cgroupsnapshot.HashName(it.Name()) || it.Options() != 0 {
			t.Fatalf("torn: %+v", it)
		}
	}
	return listed
}
