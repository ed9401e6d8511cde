package hostcgroups

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// Detect reads which hierarchies are mounted and which of them is the identity;
// see the package comment for the rule. A host without any is no error, one
// whose mounts cannot be read is.
func Detect(cfg Config) (Hierarchies, error) {
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	found, _, err := w.detect(context.Background(), cfg.withDefaults(), "")
	return found, err
}

// detect takes the hierarchy whose key is settled for populated, and reports whether the identity is.
func (w *walker) detect(ctx context.Context, cfg Config, settled string) (found Hierarchies, populated bool, _ error) {
	text, err := readStable(cfg.MountInfo)
	if err != nil {
		return found, false, fmt.Errorf("which cgroup hierarchies are mounted: %w", err)
	}
	all := hierarchies(parseMounts(text))
	if n := len(all) - 1; n >= 0 && all[n].Version == 2 {
		v2 := &all[n]
		controllers, err := os.ReadFile(cfg.under(v2.dir() + "/cgroup.controllers"))
		if err != nil && !isGone(err) && !isDenied(err) {
			return found, false, err
		}
		v2.Controllers = strings.Fields(string(controllers))
		slices.Sort(v2.Controllers)
		qualified := len(v2.Controllers) > 0
		if !qualified && n > 0 {
			if qualified, err = w.hasMembers(ctx, *v2, cfg); err != nil {
				return found, false, err
			}
		}
		if qualified {
			all = slices.Insert(all[:n], 0, *v2)
		}
	}
	found.All = all
	for _, h := range all {
		populated := h.key() == settled
		if !populated {
			if populated, err = w.hasChildren(cfg.under(h.Mountpoint)); err != nil {
				return Hierarchies{}, false, err
			}
		}
		if populated {
			found.Identity = h
			return found, true, nil
		}
	}
	if len(all) > 0 {
		found.Identity = all[0]
	}
	return found, false, nil
}

// hasMembers reports whether some cgroup below the root of v2 holds a process.
// cgroup.events answers for a whole subtree; where it is missing, each cgroup.procs is asked.
func (w *walker) hasMembers(ctx context.Context, h Hierarchy, cfg Config) (bool, error) {
	var r Report
	rows, err := w.walk(ctx, h, cfg.under(h.Mountpoint), math.MaxInt, nil, &r)
	if err != nil {
		return false, err
	}
	quiet := "" // a directory whose whole subtree is known to be without processes
	for i := range rows {
		if quiet != "" && isAbove(quiet, rows[i].FullPath) {
			continue
		}
		dir := cfg.under(rows[i].FullPath)
		events, err := os.ReadFile(dir + "/cgroup.events")
		if err == nil {
			if bytes.Contains(events, []byte("populated 1")) {
				return true, nil
			}
			quiet = rows[i].FullPath
			continue
		}
		if holdsProcess(dir + "/cgroup.procs") {
			return true, nil
		}
	}
	return false, nil
}

func holdsProcess(procs string) bool {
	f, err := os.Open(procs)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [1]byte
	n, _ := f.Read(b[:])
	return n > 0
}

// parseMounts parses lines of proc(5)'s mountinfo. A line that nobody can read hides
// only itself: somebody's strange mount is no reason to know no cgroups.
func parseMounts(text []byte) []mount {
	infos, err := mountinfo.GetMountsFromReader(bytes.NewReader(text), nil)
	if err != nil {
		infos = nil
		for line := range bytes.Lines(text) {
			if one, err := mountinfo.GetMountsFromReader(bytes.NewReader(line), nil); err == nil {
				infos = append(infos, one...)
			}
		}
	}
	mounts := make([]mount, len(infos))
	for i, m := range infos {
		mounts[i] = mount{id: m.ID, parent: m.Parent, root: m.Root, mountpoint: m.Mountpoint, fsType: m.FSType, options: m.VFSOptions}
	}
	return mounts
}

// readStable reads a file of /proc until it was the same twice: mounts that
// come and go between two reads of a large table can hide others from it.
func readStable(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var last []byte
	for range 5 {
		b, err := io.ReadAll(f)
		if err != nil {
			return nil, err
		}
		if last != nil && bytes.Equal(b, last) {
			return b, nil
		}
		last = b
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
	}
	return last, nil
}
