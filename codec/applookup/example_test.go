package applookup_test

import (
	"fmt"
	"math"

	"github.com/plugin-ipc/netipc/codec/applookup"
)

// A client asks for two processes; a server answers them in their order, into the buffer that will be sent.
func Example() {
	asked := applookup.Request{1, 4711}
	request := make([]byte, asked.Size())
	if _, err := applookup.EncodeRequest(request, asked); err != nil {
		fmt.Println(err)
		return
	}

	known := map[uint32]applookup.Item{
		1: {CgroupStatus: applookup.CgroupStatusHostRoot, UID: 0, Comm: "init"},
	}
	req, err := applookup.DecodeRequest(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	var b applookup.Builder
	if err := b.Reset(make([]byte, 1024), nil, math.MaxInt, req); err != nil {
		fmt.Println(err)
		return
	}
	b.SetGeneration(7)
	for _, pid := range req.All() {
		if it, ok := known[pid]; ok {
			err = b.Add(it)
		} else {
			err = b.Unknown()
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	if _, err := b.Finish(); err != nil {
		fmt.Println(err)
		return
	}

	v, err := applookup.DecodeResponse(b.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, it := range v.All() {
		fmt.Println(it.PID(), it.Status(), it.Comm(), it.CgroupStatus())
	}
	// Output:
	// 1 KNOWN init HOST_ROOT
	// 4711 UNKNOWN  KNOWN
}

// What is to be kept is cloned; the buffer may then be used again.
func ExampleResponseView_Clone() {
	sent := applookup.Response{Generation: 7, Items: []applookup.Item{{
		PID: 4711, Comm: "redis-server", CgroupPath: "/docker/redis", CgroupName: "redis",
		Orchestrator: applookup.OrchestratorDocker,
		Labels:       []applookup.Label{{Key: "stack", Value: "shop"}},
	}}}
	size, err := sent.Size()
	if err != nil {
		fmt.Println(err)
		return
	}
	buf := make([]byte, size)
	if _, err := sent.Encode(buf); err != nil {
		fmt.Println(err)
		return
	}

	v, err := applookup.DecodeResponse(buf)
	if err != nil {
		fmt.Println(err)
		return
	}
	var kept applookup.Response
	v.Clone(&kept)
	clear(buf)
	fmt.Println(kept.Generation, kept.Items[0].Comm, kept.Items[0].Labels)

	// What is wrong with bytes is said by item and field.
	_, err = applookup.DecodeResponse(buf)
	fmt.Println(err)
	// Output:
	// 7 redis-server [{stack shop}]
	// APPS_LOOKUP response: layout_version: bad layout
}
