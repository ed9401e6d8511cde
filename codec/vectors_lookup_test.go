package codec_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/vectortest"
)

var lookupJudges = map[string]judge{
	"cgroups_lookup_request":  pathsLayout,
	"cgroups_lookup_response": cgroupsLayout,
	"apps_lookup_request":     pidsLayout,
	"apps_lookup_response":    appsLayout,
}

type pathsJSON struct {
	ItemCount uint32           `json:"item_count"`
	Paths     []vectortest.Str `json:"paths"`
}

var pathsLayout = layout[pathsJSON]{
	encode: func(j pathsJSON) ([]byte, error) {
		if int(j.ItemCount) != len(j.Paths) {
			return nil, fmt.Errorf("%d paths, %d said", len(j.Paths), j.ItemCount)
		}
		return encodePaths(j.Paths)
	},
	decode: func(b []byte, _ row) (pathsJSON, error) {
		v, err := cgrouplookup.DecodeRequest(b)
		if err != nil {
			return pathsJSON{}, err
		}
		var r cgrouplookup.Request
		v.Clone(&r)
		j := pathsJSON{uint32(v.Len()), []vectortest.Str{}}
		for i, path := range v.All() {
			if !path.Equal(r[i]) {
				return j, fmt.Errorf("path %d reads %q, cloned %q", i, path, r[i])
			}
			j.Paths = append(j.Paths, vectortest.Str(path.Bytes()))
		}
		return j, nil
	},
}

func encodePaths(paths []vectortest.Str) ([]byte, error) {
	r := make(cgrouplookup.Request, len(paths))
	for i, path := range paths {
		r[i] = string(path)
	}
	b := bytes.Repeat([]byte{0xaa}, r.Size())
	n, err := cgrouplookup.EncodeRequest(b, r)
	if err == nil && n != len(b) {
		err = fmt.Errorf("%d of %d bytes", n, len(b))
	}
	return b, err
}

type pidsJSON struct {
	ItemCount uint32   `json:"item_count"`
	PIDs      []uint32 `json:"pids"`
}

var pidsLayout = layout[pidsJSON]{
	encode: func(j pidsJSON) ([]byte, error) {
		if int(j.ItemCount) != len(j.PIDs) {
			return nil, fmt.Errorf("%d pids, %d said", len(j.PIDs), j.ItemCount)
		}
		return encodePIDs(j.PIDs)
	},
	decode: func(b []byte, _ row) (pidsJSON, error) {
		v, err := applookup.DecodeRequest(b)
		if err != nil {
			return pidsJSON{}, err
		}
		r := applookup.Request{}
		v.Clone(&r)
		for i, pid := range v.All() {
			if pid != r[i] {
				return pidsJSON{}, fmt.Errorf("pid %d reads %d, cloned %d", i, pid, r[i])
			}
		}
		return pidsJSON{uint32(v.Len()), r}, nil
	},
}

func encodePIDs(pids []uint32) ([]byte, error) {
	r := applookup.Request(pids)
	b := bytes.Repeat([]byte{0xaa}, r.Size())
	n, err := applookup.EncodeRequest(b, r)
	if err == nil && n != len(b) {
		err = fmt.Errorf("%d of %d bytes", n, len(b))
	}
	return b, err
}

// listJSON is an answer to a lookup.
type listJSON[Item any] struct {
	LayoutVersion uint16         `json:"layout_version"`
	Flags         uint16         `json:"flags"`
	ItemCount     uint32         `json:"item_count"`
	Generation    vectortest.U64 `json:"generation"`
	Items         []Item         `json:"items"`
}

func (j listJSON[Item]) check() error {
	if j.LayoutVersion != 1 || j.Flags != 0 || int(j.ItemCount) != len(j.Items) {
		return fmt.Errorf("no answer has layout version %d, flags %d and %d items of %d",
			j.LayoutVersion, j.Flags, j.ItemCount, len(j.Items))
	}
	return nil
}

type labelJSON struct {
	Key   vectortest.Str `json:"key"`
	Value vectortest.Str `json:"value"`
}

func readLabels(labels iter.Seq2[codec.StrView, codec.StrView]) []labelJSON {
	out := []labelJSON{}
	for key, value := range labels {
		out = append(out, labelJSON{vectortest.Str(key.Bytes()), vectortest.Str(value.Bytes())})
	}
	return out
}

func ownLabels(labels []labelJSON) (out []cgrouplookup.Label) {
	for _, l := range labels {
		out = append(out, cgrouplookup.Label{Key: string(l.Key), Value: string(l.Value)})
	}
	return out
}

type cgroupItemJSON struct {
	Status       uint16         `json:"status"`
	Orchestrator uint16         `json:"orchestrator"`
	Path         vectortest.Str `json:"path"`
	Name         vectortest.Str `json:"name"`
	Labels       []labelJSON    `json:"labels"`
}

func (j cgroupItemJSON) item() cgrouplookup.Item {
	return cgrouplookup.Item{
		Status: cgrouplookup.Status(j.Status), Orchestrator: cgrouplookup.Orchestrator(j.Orchestrator),
		Path: string(j.Path), Name: string(j.Name), Labels: ownLabels(j.Labels),
	}
}

var cgroupsLayout = layout[listJSON[cgroupItemJSON]]{
	encode: func(j listJSON[cgroupItemJSON]) ([]byte, error) {
		if err := j.check(); err != nil {
			return nil, err
		}
		return encodeCgroups(uint64(j.Generation), j.Items)
	},
	decode: func(b []byte, _ row) (listJSON[cgroupItemJSON], error) {
		v, err := cgrouplookup.DecodeResponse(b)
		if err != nil {
			return listJSON[cgroupItemJSON]{}, err
		}
		var r cgrouplookup.Response
		v.Clone(&r)
		j := listJSON[cgroupItemJSON]{1, 0, uint32(v.Len()), vectortest.U64(v.Generation()), []cgroupItemJSON{}}
		for i, it := range v.All() {
			item := cgroupItemJSON{
				uint16(it.Status()), uint16(it.Orchestrator()),
				vectortest.Str(it.Path().Bytes()), vectortest.Str(it.Name().Bytes()), readLabels(it.Labels().All()),
			}
			if !it.Owned().Equal(r.Items[i]) || !item.item().Equal(r.Items[i]) {
				return j, fmt.Errorf("item %d reads %+v, cloned %+v", i, item, r.Items[i])
			}
			j.Items = append(j.Items, item)
		}
		return j, nil
	},
}

// encodeCgroups encodes an answer, and answers a request for the same keys: the bytes and the verdict are the same.
func encodeCgroups(generation uint64, items []cgroupItemJSON) ([]byte, error) {
	r := cgrouplookup.Response{Generation: generation}
	var paths []vectortest.Str
	for _, it := range items {
		r.Items = append(r.Items, it.item())
		paths = append(paths, it.Path)
	}
	size, err := r.Size()
	if err != nil {
		return nil, err
	}
	whole := bytes.Repeat([]byte{0xaa}, size)
	n, wholeErr := r.Encode(whole)
	built, builtErr := func() ([]byte, error) {
		b, err := encodePaths(paths)
		if err != nil {
			return nil, err
		}
		req, err := cgrouplookup.DecodeRequest(b)
		if err != nil {
			return nil, err
		}
		return answerCgroups(generation, req, r.Items, room{dst: size + 8, budget: size + 8})
	}()
	return agree(whole[:n], wholeErr, built, builtErr)
}

func answerCgroups(generation uint64, req cgrouplookup.RequestView, items []cgrouplookup.Item, r room) ([]byte, error) {
	var b cgrouplookup.Builder
	dst, grow := r.open()
	err := b.Reset(dst, grow, r.budget, req)
	b.SetGeneration(generation)
	for _, it := range items {
		if err == nil {
			err = b.Add(it)
		}
	}
	return finish(&b, err)
}

type appItemJSON struct {
	Status       uint16         `json:"status"`
	Orchestrator uint16         `json:"orchestrator"`
	CgroupStatus uint16         `json:"cgroup_status"`
	PID          uint32         `json:"pid"`
	PPID         uint32         `json:"ppid"`
	UID          uint32         `json:"uid"`
	StartTime    vectortest.U64 `json:"starttime"`
	Comm         vectortest.Str `json:"comm"`
	CgroupPath   vectortest.Str `json:"cgroup_path"`
	CgroupName   vectortest.Str `json:"cgroup_name"`
	Labels       []labelJSON    `json:"labels"`
}

func (j appItemJSON) item() applookup.Item {
	return applookup.Item{
		Status: applookup.Status(j.Status), CgroupStatus: applookup.CgroupStatus(j.CgroupStatus),
		Orchestrator: applookup.Orchestrator(j.Orchestrator),
		PID:          j.PID, PPID: j.PPID, UID: j.UID, StartTime: uint64(j.StartTime),
		Comm: string(j.Comm), CgroupPath: string(j.CgroupPath), CgroupName: string(j.CgroupName),
		Labels: ownLabels(j.Labels),
	}
}

var appsLayout = layout[listJSON[appItemJSON]]{
	encode: func(j listJSON[appItemJSON]) ([]byte, error) {
		if err := j.check(); err != nil {
			return nil, err
		}
		return encodeApps(uint64(j.Generation), j.Items)
	},
	decode: func(b []byte, _ row) (listJSON[appItemJSON], error) {
		v, err := applookup.DecodeResponse(b)
		if err != nil {
			return listJSON[appItemJSON]{}, err
		}
		var r applookup.Response
		v.Clone(&r)
		j := listJSON[appItemJSON]{1, 0, uint32(v.Len()), vectortest.U64(v.Generation()), []appItemJSON{}}
		for i, it := range v.All() {
			item := appItemJSON{
				uint16(it.Status()), uint16(it.Orchestrator()), uint16(it.CgroupStatus()),
				it.PID(), it.PPID(), it.UID(), vectortest.U64(it.StartTime()),
				vectortest.Str(it.Comm().Bytes()), vectortest.Str(it.CgroupPath().Bytes()),
				vectortest.Str(it.CgroupName().Bytes()), readLabels(it.Labels().All()),
			}
			if !it.Owned().Equal(r.Items[i]) || !item.item().Equal(r.Items[i]) {
				return j, fmt.Errorf("item %d reads %+v, cloned %+v", i, item, r.Items[i])
			}
			j.Items = append(j.Items, item)
		}
		return j, nil
	},
}

// encodeApps is encodeCgroups for processes.
func encodeApps(generation uint64, items []appItemJSON) ([]byte, error) {
	r := applookup.Response{Generation: generation}
	var pids []uint32
	for _, it := range items {
		r.Items = append(r.Items, it.item())
		pids = append(pids, it.PID)
	}
	size, err := r.Size()
	if err != nil {
		return nil, err
	}
	whole := bytes.Repeat([]byte{0xaa}, size)
	n, wholeErr := r.Encode(whole)
	built, builtErr := func() ([]byte, error) {
		b, err := encodePIDs(pids)
		if err != nil {
			return nil, err
		}
		req, err := applookup.DecodeRequest(b)
		if err != nil {
			return nil, err
		}
		return answerApps(generation, req, r.Items, room{dst: size + 8, budget: size + 8})
	}()
	return agree(whole[:n], wholeErr, built, builtErr)
}

func answerApps(generation uint64, req applookup.RequestView, items []applookup.Item, r room) ([]byte, error) {
	var b applookup.Builder
	dst, grow := r.open()
	err := b.Reset(dst, grow, r.budget, req)
	b.SetGeneration(generation)
	for _, it := range items {
		if err == nil {
			err = b.Add(it)
		}
	}
	return finish(&b, err)
}

// room is what a builder has to write into: a buffer, and when growTo is not 0 larger ones up to that.
type room struct{ dst, budget, growTo int }

func (r room) open() (dst []byte, grow codec.Grow) {
	last := bytes.Repeat([]byte{0xaa}, r.dst)
	if r.growTo == 0 {
		return last, nil
	}
	return last, func(n int) ([]byte, error) {
		if n > r.growTo {
			return nil, errors.New("agreed limit reached")
		}
		grown := bytes.Repeat([]byte{0xaa}, n)
		copy(grown, last)
		last = grown
		return grown, nil
	}
}

func finish(b interface {
	Finish() (int, error)
	Bytes() []byte
}, err error) ([]byte, error) {
	if err == nil {
		_, err = b.Finish()
	}
	return b.Bytes(), err
}

// errDisagree is the mistake of two encoders that do not have the same verdict, or write other bytes.
var errDisagree = errors.New("encoders disagree")

func agree(whole []byte, wholeErr error, built []byte, builtErr error) ([]byte, error) {
	if (wholeErr == nil) != (builtErr == nil) || !bytes.Equal(whole, built) {
		return nil, fmt.Errorf("%w: encoded %x, %v; built %x, %v", errDisagree, whole, wholeErr, built, builtErr)
	}
	return whole, wholeErr
}
