package release

// Entry says of one module of the workspace what its go.mod does not.
type Entry struct {
	Dir      string    // folder, relative to the root
	Released bool      // gets versions; the others are only kept tidy
	RunsOn   []string  // operating systems on which the stranger's program can run; nil is all
	Commands []Command // for a module that is installed instead of imported
}

// Command is how a stranger tries an installed command.
type Command struct {
	Package string   // of the module, "cmd/netipc"
	Args    []string // to run it with
	Says    string   // part of its standard output
}

// Modules are the modules of the workspace. Their order is that of their go.mod files and not of this table; but
// where those forget a requirement, it is good that leaves come first here.
var Modules = []Entry{
	{Dir: "codec", Released: true},
	{Dir: "transport-posix", Released: true, RunsOn: []string{"linux", "freebsd"}},
	{Dir: "transport-windows", Released: true},
	{Dir: "service", Released: true},
	{Dir: "snapshot", Released: true},
	{Dir: "tools", Released: true, Commands: []Command{
		{Package: "cmd/netipc", Args: []string{"--version"}, Says: "netipc " + Version + " "},
		{Package: "cmd/netipc", Args: []string{"decode", increment41}, Says: "INCREMENT"},
		{Package: "cmd/release", Args: []string{"help"}, Says: "release verify"},
	}},
	{Dir: "bench"},
	{Dir: "docs"},
}

// increment41 is a request to increment 41.
const increment41 = "4350494e01002000010000000100000008000000010000000700000000000000" + "2900000000000000"
