package cli

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "netipc",
		Short: "Ask and serve the services of this host",
		Long: `netipc asks and serves netipc services: programs of one host that talk over Unix
sockets in a run directory, here the cgroups and processes of the host.

The run directory is that of --run-dir, else of the environment variable
NETIPC_RUN_DIR, else /run/netipc for root and $XDG_RUNTIME_DIR/netipc for others.

Some providers want their clients to know a number, the auth token: it is read from
the file of --auth-token-file, else from the environment variable NETIPC_AUTH_TOKEN.

Exit status: 0, 1 after a failure, 2 after wrong usage, 3 if nobody answers.`,
		Example: `  netipc get cgroups                the cgroups of this host, as a table
  netipc lookup pid 1               who runs a process, and in which cgroup
  netipc serve                      be the provider that others ask
  netipc status                     who serves what
  netipc ping --self                how fast a round trip is here`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.PersistentFlags().StringVar(&a.runDir, "run-dir", "", "directory of the services' sockets (default $NETIPC_RUN_DIR, else the system's)")
	root.PersistentFlags().StringVar(&a.tokenFile, "auth-token-file", "", "`file` with the auth token that providers want (default $"+tokenVariable+", else 0)")
	_ = root.MarkPersistentFlagDirname("run-dir")
	_ = root.MarkPersistentFlagFilename("auth-token-file")
	root.SetHelpCommand(newHelp())
	root.AddCommand(
		newServe(a),
		newGet(a),
		newLookup(a),
		newStatus(a),
		newClean(a),
		newPing(a),
		newPingProvider(a),
		newDecode(a),
		newMan(a),
	)
	return root
}

// version says what this was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if rev := settings["vcs.revision"]; rev != "" && !strings.Contains(v, rev[:min(12, len(rev))]) {
		v += " " + rev[:min(12, len(rev))]
		if settings["vcs.modified"] == "true" {
			v += "+dirty"
		}
	}
	return fmt.Sprintf("%s (%s %s/%s)", v, info.GoVersion, settings["GOOS"], settings["GOARCH"])
}
