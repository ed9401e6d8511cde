package cgrouplookup_test

import (
	"fmt"
	"math"

	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
)

// A client asks for two paths; a server answers them in their order, into the buffer that will be sent.
func Example() {
	asked := cgrouplookup.Request{"/system.slice/cron.service", "/gone"}
	request := make([]byte, asked.Size())
	if _, err := cgrouplookup.EncodeRequest(request, asked); err != nil {
		fmt.Println(err)
		return
	}

	known := map[string]cgrouplookup.Item{
		"/system.slice/cron.service": {
			Orchestrator: cgrouplookup.OrchestratorSystemd,
			Name:         "cron",
			Labels:       []cgrouplookup.Label{{Key: "unit", Value: "cron.service"}},
		},
	}
	req, err := cgrouplookup.DecodeRequest(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	var b cgrouplookup.Builder
	if err := b.Reset(make([]byte, 1024), nil, math.MaxInt, req); err != nil {
		fmt.Println(err)
		return
	}
	b.SetGeneration(7)
	for _, path := range req.All() {
		if it, ok := known[string(path.Bytes())]; ok {
			err = b.Add(it)
		} else {
			err = b.Unknown(cgrouplookup.StatusUnknownRetryLater)
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

	v, err := cgrouplookup.DecodeResponse(b.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, it := range v.All() {
		fmt.Println(i, it.Path(), it.Status(), it.Orchestrator(), it.Name())
		for key, value := range it.Labels().All() {
			fmt.Println(" ", key, "=", value)
		}
	}
	// Output:
	// 0 /system.slice/cron.service KNOWN systemd cron
	//   unit = cron.service
	// 1 /gone UNKNOWN_RETRY_LATER unknown
}

// An answer for which there is no room says so key by key: the client asks again for those.
func ExampleBuilder_Full() {
	asked := cgrouplookup.Request{"/a", "/b", "/c"}
	request := make([]byte, asked.Size())
	if _, err := cgrouplookup.EncodeRequest(request, asked); err != nil {
		fmt.Println(err)
		return
	}
	req, err := cgrouplookup.DecodeRequest(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	var b cgrouplookup.Builder
	if err := b.Reset(make([]byte, 160), nil, math.MaxInt, req); err != nil {
		fmt.Println(err)
		return
	}
	for range req.All() {
		if b.Full() {
			break // Finish does the rest
		}
		if err := b.Add(cgrouplookup.Item{Name: "a long name"}); err != nil {
			fmt.Println(err)
			return
		}
	}
	if _, err := b.Finish(); err != nil {
		fmt.Println(err)
		return
	}
	v, err := cgrouplookup.DecodeResponse(b.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, it := range v.All() {
		fmt.Println(it.Path(), it.Status())
	}
	// Output:
	// /a KNOWN
	// /b PAYLOAD_EXCEEDED
	// /c PAYLOAD_EXCEEDED
}
