package cgroupsnapshot_test

import (
	"fmt"

	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
)

// A producer writes into the buffer that will be sent; a consumer reads from the buffer it received.
func Example() {
	var b cgroupsnapshot.Builder
	if err := b.Reset(make([]byte, 1024), nil, 2); err != nil {
		fmt.Println(err)
		return
	}
	b.SetGeneration(7)
	b.SetSystemdEnabled(1)
	for _, name := range []string{"cron.service", "ssh.service"} {
		if err := b.Add(cgroupsnapshot.HashName(name), 0, 1, name, "/system.slice/"+name); err != nil {
			fmt.Println(err)
			return
		}
	}
	if _, err := b.Finish(); err != nil {
		fmt.Println(err)
		return
	}

	v, err := cgroupsnapshot.DecodeResponse(b.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("generation", v.Generation())
	for i, item := range v.All() {
		fmt.Println(i, item.Name(), item.Path())
	}
	// Output:
	// generation 7
	// 0 cron.service /system.slice/cron.service
	// 1 ssh.service /system.slice/ssh.service
}

// What is to be kept is cloned; the buffer may then be used again.
func ExampleResponseView_Clone() {
	sent := cgroupsnapshot.Snapshot{Generation: 7, Items: []cgroupsnapshot.Item{{Name: "cron.service", Enabled: 1}}}
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

	v, err := cgroupsnapshot.DecodeResponse(buf)
	if err != nil {
		fmt.Println(err)
		return
	}
	var kept cgroupsnapshot.Snapshot
	v.Clone(&kept)
	clear(buf)
	fmt.Println(kept.Generation, kept.Items[0].Name)

	// What is wrong with bytes is said by item and field.
	_, err = cgroupsnapshot.DecodeResponse(buf)
	fmt.Println(err)
	// Output:
	// 7 cron.service
	// CGROUPS_SNAPSHOT response: layout_version: bad layout
}
