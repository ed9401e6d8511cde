package cli

import (
	"fmt"
	"strconv"

	"github.com/plugin-ipc/netipc/tools/internal/render"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

func regionsOf(e posix.Endpoint) []regionStatus {
	all := []regionStatus{}
	for _, r := range e.Regions {
		all = append(all, regionStatus{
			Session: r.Session, Profile: profileSHMHybrid, Path: r.Path, State: r.State, Lock: r.Lock,
			OwnerPID: r.OwnerPID, OwnerGeneration: r.OwnerGeneration,
			RequestCapacity: r.RequestCapacity, ResponseCapacity: r.ResponseCapacity, Size: r.Size,
		})
	}
	return all
}

// writeRegions writes a table of the sessions that share memory, if there are any.
func (a *app) writeRegions(r statusReport, st render.Style) error {
	t, any := render.NewTable(st, "SERVICE", "SESSION", "PROFILE", "OWNER", "MEMORY", "REQUEST", "RESPONSE"), false
	for _, s := range r.Services {
		for _, m := range s.Regions {
			any = true
			pid := "-"
			if m.OwnerPID != 0 {
				pid = strconv.Itoa(m.OwnerPID)
			}
			t.Row(s.Service, strconv.FormatUint(m.Session, 10), string(m.Profile), pid, m.memory(st),
				strconv.FormatUint(uint64(m.RequestCapacity), 10), strconv.FormatUint(uint64(m.ResponseCapacity), 10))
		}
	}
	if !any {
		return nil
	}
	if _, err := fmt.Fprintln(a.out); err != nil {
		return err
	}
	_, err := t.WriteTo(a.out)
	return err
}

// memory says in words whose a region is.
func (m regionStatus) memory(st render.Style) string {
	switch {
	case m.State == posix.RegionLive && m.Lock == posix.LockHeld:
		return st.Good("owner alive, lock held")
	case m.State == posix.RegionLive:
		return st.Odd("owner alive, lock " + string(m.Lock))
	case m.State == posix.RegionStale:
		return st.Bad("owner dead")
	}
	return st.Odd(string(m.State))
}
