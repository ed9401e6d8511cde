package hostlookup

import (
	"time"

	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostprocs"
)

// Table is what was known at one time. It is immutable; any number of goroutines may read it.
type Table struct {
	started   time.Time     // when the reading began: nothing in it is older
	cost      time.Duration // how long it took
	number    uint64        // of the reading
	hierarchy hostcgroups.Hierarchy
	systemd   bool

	pids    pidIndex // of items
	items   []applookup.Item
	cgroups map[string]*cgroup // by path
	full    map[string]*cgroup // by directory
	gone    map[string]bool    // paths with the id of a container that is no more

	procs   hostprocs.Report
	listing hostcgroups.Report
}

// cgroup is one, prepared for both lookups. It is immutable, and passes from table to table as long as it says the same.
type cgroup struct {
	row     hostcgroups.Cgroup
	settled bool
	answer  cgrouplookup.Item // without its path, which is the one that was asked for
	ofApps  applookup.Item    // what it says of a process in it
}

// Process returns the item of a pid, as of when the table was made.
func (t *Table) Process(pid uint32) (*applookup.Item, bool) {
	i := t.pids.find(pid)
	if i < 0 {
		return nil, false
	}
	return &t.items[i], true
}

// Cgroup returns the item of a path, or of a directory, without its path.
func (t *Table) Cgroup(path []byte) (*cgrouplookup.Item, bool) {
	c, ok := t.cgroups[string(path)]
	if !ok {
		if c, ok = t.full[string(path)]; !ok {
			return nil, false
		}
	}
	return &c.answer, true
}

// Processes returns how many there are.
func (t *Table) Processes() int { return len(t.items) }

// PIDs returns all pids, in the order in which /proc lists them.
func (t *Table) PIDs() []uint32 {
	all := make([]uint32, len(t.items))
	for i := range t.items {
		all[i] = t.items[i].PID
	}
	return all
}

// Cgroups returns how many there are.
func (t *Table) Cgroups() int { return len(t.cgroups) }

// Age returns how long ago the reading of it began.
func (t *Table) Age() time.Duration { return time.Since(t.started) }

// prepare makes the answers about a cgroup.
func prepare(row hostcgroups.Cgroup, facts hostcgroups.Facts) *cgroup {
	c := &cgroup{row: row, settled: facts.Settled}
	c.ofApps = applookup.Item{CgroupStatus: applookup.CgroupStatusUnknownRetryLater, CgroupPath: row.Path}
	c.answer.Status = cgrouplookup.StatusUnknownRetryLater
	if !facts.Settled {
		return c
	}
	labels := make([]cgrouplookup.Label, len(facts.Labels))
	for i, l := range facts.Labels {
		labels[i] = cgrouplookup.Label(l)
	}
	c.answer = cgrouplookup.Item{
		Status:       cgrouplookup.StatusKnown,
		Orchestrator: cgrouplookup.Orchestrator(row.Kind.Orchestrator()),
		Name:         row.Name,
		Labels:       labels,
	}
	c.ofApps = applookup.Item{
		CgroupStatus: applookup.CgroupStatusKnown,
		Orchestrator: c.answer.Orchestrator,
		CgroupPath:   row.Path,
		CgroupName:   row.Name,
		Labels:       labels,
	}
	return c
}

// says reports whether c still says what there is to say about row.
func (c *cgroup) says(row hostcgroups.Cgroup) bool { return c.settled && c.row == row }

// item is what is known about a process of the cgroup.
func (c *cgroup) item(p *hostprocs.Process, comm string) applookup.Item {
	it := c.ofApps
	return fill(it, p, comm)
}

// fill puts a process into what is known about its cgroup.
func fill(it applookup.Item, p *hostprocs.Process, comm string) applookup.Item {
	it.Status = applookup.StatusKnown
	it.PID, it.PPID, it.UID, it.StartTime, it.Comm = p.PID, p.PPID, p.UID, p.StartTime, comm
	return it
}
