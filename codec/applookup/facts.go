package applookup

import "github.com/plugin-ipc/netipc/codec"

// facts is what an item says, of its strings only the lengths, in bytes.
type facts struct {
	status           Status
	cgroup           CgroupStatus
	orchestrator     Orchestrator
	ppid, uid        uint32
	startTime        uint64
	comm, path, name uint64
	labels           int
}

// check says what no item may say, received or built (spec 07, "APPS_LOOKUP").
func (f *facts) check() (field string, err error) {
	if f.status == StatusKnown {
		return f.checkKnown()
	}
	switch {
	case f.status > StatusOversizedItem:
		return "status", codec.ErrBadLayout
	case f.cgroup != 0:
		return "cgroup_status", codec.ErrBadLayout
	case f.ppid != 0:
		return "ppid", codec.ErrBadLayout
	case f.uid != UIDNotSet:
		return "uid", codec.ErrBadLayout
	case f.startTime != 0:
		return "starttime", codec.ErrBadLayout
	case f.comm != 0:
		return "comm", codec.ErrBadLayout
	case f.path != 0:
		return "cgroup_path", codec.ErrBadLayout
	}
	return f.checkNothingMore()
}

// usual reports whether an item is known as its cgroup is, with strings of lengths against which check has nothing. Nor has
// it then anything against the rest.
func usual(s Status, c CgroupStatus, comm, path uint64) bool {
	return s == StatusKnown && c == CgroupStatusKnown && comm >= 1 && comm <= CommMax && path != 0
}

func (f *facts) checkKnown() (field string, err error) {
	if f.comm < 1 || f.comm > CommMax {
		return "comm_length", codec.ErrBadLayout
	}
	switch f.cgroup {
	case CgroupStatusKnown:
		if f.path == 0 {
			return "cgroup_path", codec.ErrBadLayout
		}
		return "", nil
	case CgroupStatusUnknownRetryLater:
	case CgroupStatusUnknownPermanent:
		if f.path == 0 {
			return "cgroup_path", codec.ErrBadLayout
		}
	case CgroupStatusHostRoot:
		if f.path != 0 {
			return "cgroup_path", codec.ErrBadLayout
		}
	default:
		return "cgroup_status", codec.ErrBadLayout
	}
	return f.checkNothingMore()
}

// checkNothingMore is for items whose cgroup is not known.
func (f *facts) checkNothingMore() (field string, err error) {
	switch {
	case f.orchestrator != OrchestratorUnknown:
		return "orchestrator", codec.ErrBadLayout
	case f.name != 0:
		return "cgroup_name", codec.ErrBadLayout
	case f.labels != 0:
		return "label_count", codec.ErrBadLayout
	}
	return "", nil
}
