package windows_test

import (
	"fmt"

	windows "github.com/plugin-ipc/netipc/transport-windows"
)

func ExamplePipeName() {
	name, err := windows.PipeName(`C:\ProgramData\netipc`, "cgroups-snapshot")
	fmt.Println(name, err)
	// Output: \\.\pipe\netipc-5e37bd32dc4782df-cgroups-snapshot <nil>
}
