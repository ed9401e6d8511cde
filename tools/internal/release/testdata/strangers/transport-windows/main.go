// A program that shows where a service of a Windows machine stands.
package main

import (
	"fmt"

	windows "github.com/plugin-ipc/netipc/transport-windows"
)

func main() {
	fmt.Println(windows.PipeName(`C:\ProgramData\netipc`, "cgroups-snapshot"))
}
