package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/tools/internal/hostprovider"
	"github.com/plugin-ipc/netipc/tools/internal/render"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// statusReport is what `netipc status -o json` prints.
type statusReport struct {
	RunDir   string          `json:"run_dir"`
	Services []serviceStatus `json:"services"`
}

type serviceStatus struct {
	Service   string          `json:"service"`
	Socket    string          `json:"socket"`
	State     posix.State     `json:"state"`
	Owner     *owner          `json:"owner"` // null where nobody serves, or the system does not tell
	Lock      posix.LockState `json:"lock"`
	LockPID   int             `json:"lock_pid,omitempty"`
	Leftovers []string        `json:"leftovers"`
	Regions   []regionStatus  `json:"regions"`
}

// regionStatus is the shared memory of one session.
type regionStatus struct {
	Session          uint64            `json:"session"`
	Profile          profile           `json:"profile"`
	Path             string            `json:"path"`
	State            posix.RegionState `json:"state"`
	Lock             posix.LockState   `json:"lock"`
	OwnerPID         int               `json:"owner_pid,omitempty"`
	OwnerGeneration  uint32            `json:"owner_generation,omitempty"`
	RequestCapacity  uint32            `json:"request_capacity"`
	ResponseCapacity uint32            `json:"response_capacity"`
	Size             uint64            `json:"size"`
}

type owner struct {
	PID int    `json:"pid"`
	UID uint32 `json:"uid"`
	GID uint32 `json:"gid"`
}

func newStatus(a *app) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "status [SERVICE...]",
		Short: "Show what stands in the run directory",
		Long: `status shows what stands in the run directory: each service with the state of its
socket, who serves it, the state of its lock, and what killed servers have left; and
the sessions that share memory, with their profile, the owner of the memory, and the
bytes that requests and responses can have, headers included.

STATE   alive: a server has it; stale: nobody does; absent: there is only a lock or
        a leftover; foreign: something that is not ours; unclear: not to be told
LOCK    held: its owner lives; free: its owner is dead; absent: there is none, as
        with servers that know of no lock
MEMORY  owner alive, lock held: of a session; owner alive, lock free: of a server
        that knows of no lock; owner dead: left behind; junk: of no use; unclear

It connects to each socket and leaves without a word. With services as arguments
only these are shown, and the exit status is 3 unless all of them are alive.`,
		Example: `  netipc status
  netipc status cgroups-snapshot || netipc serve
  netipc status -o json | jq -r '.services[] | select(.state == "stale").service'`,
		ValidArgsFunction: cobra.FixedCompletions(hostprovider.Services, cobra.ShellCompDirectiveNoFileComp),
		RunE: runs(func(_ context.Context, _ *cobra.Command, args []string) error {
			return a.status(format, args)
		}),
	}
	addOutput(cmd, &format, "table", "json")
	return cmd
}

func (a *app) status(format string, names []string) error {
	for _, name := range names {
		if err := link.CheckServiceName(name); err != nil {
			return usagef("%v", err)
		}
	}
	runDir, err := a.resolveRunDir()
	if err != nil {
		return err
	}
	all, err := inspect(runDir)
	if err != nil {
		return err
	}
	report, missing := statusOf(runDir, all, names)
	if err := a.writeStatus(report, format); err != nil {
		return err
	}
	if len(missing) > 0 {
		return unavailable(fmt.Errorf("not alive in %s: %s", runDir, list(missing)))
	}
	return nil
}

// inspect is posix.Inspect; a directory that does not exist has nothing in it.
func inspect(runDir string) ([]posix.Endpoint, error) {
	all, err := posix.Inspect(runDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, errors.ErrUnsupported):
		return nil, unavailable(err)
	}
	return all, badRunDir(err)
}

// statusOf makes the report: of all services, or of those named. missing are named and not alive.
func statusOf(runDir string, all []posix.Endpoint, names []string) (r statusReport, missing []string) {
	r = statusReport{RunDir: runDir, Services: []serviceStatus{}}
	alive := map[string]bool{}
	for _, e := range all {
		if len(names) > 0 && !slices.Contains(names, e.Service) {
			continue
		}
		s := serviceStatus{
			Service: e.Service, Socket: e.Socket, State: e.State,
			Lock: e.Lock, LockPID: e.LockPID, Leftovers: append([]string{}, e.Leftovers...),
			Regions: regionsOf(e),
		}
		if e.Owner.Known {
			s.Owner = &owner{e.Owner.PID, e.Owner.UID, e.Owner.GID}
		}
		alive[e.Service] = e.State == posix.StateAlive
		r.Services = append(r.Services, s)
	}
	for _, name := range names {
		if !alive[name] {
			missing = append(missing, name)
		}
	}
	return r, missing
}

func (a *app) writeStatus(r statusReport, format string) error {
	if format == "json" {
		return render.JSON(a.out, r)
	}
	if len(r.Services) == 0 {
		_, err := fmt.Fprintf(a.out, "nothing in %s\n", render.Escape(r.RunDir))
		return err
	}
	st := style(a.out)
	t := render.NewTable(st, "SERVICE", "STATE", "PID", "UID", "LOCK", "LEFTOVERS")
	for _, s := range r.Services {
		pid, uid := "-", "-"
		if s.Owner != nil {
			pid, uid = strconv.Itoa(s.Owner.PID), strconv.FormatUint(uint64(s.Owner.UID), 10)
		}
		lock := string(s.Lock)
		if s.Lock == posix.LockFree && s.LockPID != 0 {
			lock += fmt.Sprintf(": pid %d is dead", s.LockPID)
		}
		left := "-"
		if n := len(s.Leftovers); n > 0 {
			left = strconv.Itoa(n)
		}
		t.Row(s.Service, paintState(st, s.State), pid, uid, lock, left)
	}
	if _, err := t.WriteTo(a.out); err != nil {
		return err
	}
	return a.writeRegions(r, st)
}

func paintState(st render.Style, s posix.State) string {
	switch s {
	case posix.StateAlive:
		return st.Good(string(s))
	case posix.StateStale:
		return st.Bad(string(s))
	}
	return st.Odd(string(s))
}
