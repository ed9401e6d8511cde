package render

import (
	"fmt"
	"strconv"

	"github.com/plugin-ipc/netipc/codec/applookup"
)

// jsonProcess is one process. What an unknown one does not have is left out.
type jsonProcess struct {
	PID           uint32      `json:"pid"`
	Status        string      `json:"status"`
	PPID          *uint32     `json:"ppid,omitempty"`
	UID           *uint32     `json:"uid,omitempty"`
	StartTime     *uint64     `json:"start_time,omitempty"`
	Comm          string      `json:"comm,omitempty"`
	CommHex       string      `json:"comm_hex,omitempty"`
	CgroupStatus  string      `json:"cgroup_status,omitempty"`
	Orchestrator  string      `json:"orchestrator,omitempty"`
	CgroupPath    *string     `json:"cgroup_path,omitempty"`
	CgroupPathHex string      `json:"cgroup_path_hex,omitempty"`
	CgroupName    *string     `json:"cgroup_name,omitempty"`
	CgroupNameHex string      `json:"cgroup_name_hex,omitempty"`
	Labels        []jsonLabel `json:"labels,omitempty"`
	Generation    *uint64     `json:"generation,omitempty"`
}

func jsonProcessOf(it *applookup.Item) jsonProcess {
	p := jsonProcess{PID: it.PID, Status: word(it.Status)}
	if it.Status != applookup.StatusKnown {
		return p
	}
	p.PPID, p.StartTime = &it.PPID, &it.StartTime
	if it.UID != applookup.UIDNotSet {
		p.UID = &it.UID
	}
	p.Comm, p.CommHex = it.Comm, HexUnlessText(it.Comm)
	p.CgroupStatus, p.Orchestrator = word(it.CgroupStatus), Orchestrator(it.Orchestrator)
	p.CgroupPath, p.CgroupPathHex = &it.CgroupPath, HexUnlessText(it.CgroupPath)
	p.CgroupName, p.CgroupNameHex = &it.CgroupName, HexUnlessText(it.CgroupName)
	p.Labels = jsonLabels(it.Labels)
	return p
}

// Processes writes the answer to a lookup of pids.
func (lw *LookupWriter) Processes(from Provider, items []applookup.Item) error {
	switch lw.format {
	case FormatJSON:
		doc := struct {
			Endpoint   string        `json:"endpoint"`
			Embedded   bool          `json:"embedded"`
			Generation uint64        `json:"generation"`
			Processes  []jsonProcess `json:"processes"`
		}{from.Endpoint, from.Embedded, from.Generation, make([]jsonProcess, len(items))}
		for i := range items {
			doc.Processes[i] = jsonProcessOf(&items[i])
		}
		return JSON(lw.w, doc)
	case FormatNDJSON:
		return lw.lines(len(items), func(i int) any {
			p := jsonProcessOf(&items[i])
			p.Generation = &from.Generation
			return p
		})
	case FormatCSV:
		head := []string{"pid", "status", "ppid", "uid", "start_time", "comm", "cgroup_status", "orchestrator", "cgroup_path", "cgroup_name", "labels", "generation"}
		return lw.csv(head, len(items), func(i int) []string { return lw.csvProcess(&items[i], from.Generation) })
	}
	return lw.table([]string{"PID", "PPID", "UID", "START", "COMMAND", "BY", "CGROUP", "PATH"}, func(add func([]applookup.Label, ...string)) {
		for i := range items {
			it := &items[i]
			if it.Status != applookup.StatusKnown {
				add(nil, u32(it.PID), "-", "-", "-", lw.style.Odd("("+StatusOfProcess(it.Status)+")"), "-", "", "")
				continue
			}
			add(it.Labels, u32(it.PID), u32(it.PPID), uid(it.UID, "-"), strconv.FormatUint(it.StartTime, 10), Escape(it.Comm),
				by(it.Orchestrator), lw.cgroupName(it), Escape(it.CgroupPath))
		}
	}, fmt.Sprintf("%s, generation %d", count(len(items), "process", "processes"), from.Generation))
}

// cgroupName is the name of a process's cgroup in a table, or why there is none.
func (lw *LookupWriter) cgroupName(it *applookup.Item) string {
	switch it.CgroupStatus {
	case applookup.CgroupStatusKnown:
		return Escape(it.CgroupName)
	case applookup.CgroupStatusHostRoot:
		return lw.style.Faint("(host)")
	case applookup.CgroupStatusUnknownRetryLater:
		return lw.style.Odd("(not known yet)")
	}
	return lw.style.Odd("(unknown for good)")
}

func (lw *LookupWriter) csvProcess(it *applookup.Item, generation uint64) []string {
	g := strconv.FormatUint(generation, 10)
	if it.Status != applookup.StatusKnown {
		return []string{u32(it.PID), word(it.Status), "", "", "", "", "", "", "", "", "", g}
	}
	return []string{
		u32(it.PID), word(it.Status), u32(it.PPID), uid(it.UID, ""), strconv.FormatUint(it.StartTime, 10), lw.show(it.Comm), word(it.CgroupStatus),
		Orchestrator(it.Orchestrator), lw.show(it.CgroupPath), lw.show(it.CgroupName), csvLabels(it.Labels), g,
	}
}

func u32(v uint32) string { return strconv.FormatUint(uint64(v), 10) }

// uid is a user, or none if he is not known.
func uid(v uint32, none string) string {
	if v == applookup.UIDNotSet {
		return none
	}
	return u32(v)
}
