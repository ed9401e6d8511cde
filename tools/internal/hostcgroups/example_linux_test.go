package hostcgroups_test

import (
	"context"
	"fmt"
	"log"

	"github.com/plugin-ipc/netipc/tools/internal/hostcgroups"
)

func ExampleLister_List() {
	l := hostcgroups.New(hostcgroups.Config{Root: "testdata/host"})
	rows, report, err := l.List(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("cgroup v%d at %s\n", report.Identity.Version, report.Identity.Mountpoint)
	for _, r := range rows {
		fmt.Printf("%-9s %-5v %s\n", r.Kind, r.Enabled, r.Name)
	}
	// Output:
	// cgroup v2 at /sys/fs/cgroup
	// slice     false system.slice
	// docker    true  web
	// service   true  ssh
}
