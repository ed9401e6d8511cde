// Netipc asks and serves the services of this host; `netipc help` says more.
package main

import (
	"os"

	"github.com/plugin-ipc/netipc/tools/internal/cli"
)

func main() { os.Exit(cli.Main()) }
