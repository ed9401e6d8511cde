package repo

// Rule is one rule of the repository.
type Rule struct {
	Name string
	Why  string // what would go wrong without it, and what to do; shown with every violation
	// Check returns one line for each violation. An error means that the rule could not be judged.
	Check func(*Tree) ([]string, error)
}

// Rules are all rules, in the order in which they are judged: cheap ones first.
var Rules = []Rule{
	{"go-lines", "One go line everywhere, and no toolchain line: the highest go line of a workspace is forced on all of it, and a patch version on every user.", goLines},
	{"go-work-modules", "go.work lists the released modules, bench and docs, and nothing else: what it lists shares one build list, so a module of tools would move the versions of the libraries.", goWorkModules},
	{"go-work-replaces", "go.work replaces each released module at the version that the others require (an unversioned replace is refused by the go command). A replace that is missing makes the build ask the network for a version that may not exist yet.", goWorkReplaces},
	{"no-replace", "A replace in a go.mod makes `go install module@version` fail, and consumers ignore it, so it hides faults. Replaces live in go.work.", noReplace},
	{"license", "Every module has the LICENSE of the root: the go command adds the root's to a module without one, and the module's hash then depends on how it was packed.", license},
	{"module-papers", "Every module has a README.md and a CHANGELOG.md.", modulePapers},
	{"no-sibling-sums", "No go.sum has a line for a module of this repository: its hash would be wrong at the next commit. Only a release writes them.", noSiblingSums},
	{"module-graph", "Modules depend downwards only, as in ARCHITECTURE.md; a cycle could never be released.", moduleGraph},
	{"package-imports", "Packages import what their layer allows (the table in layers.go): typed payloads and Level 1 do not know each other, transports know no payloads, the service core knows no transport.", packageImports},
	{"requires", "Each module requires what it imports, and nothing else: the workspace builds without, a stranger's copy does not. Mend with `go mod edit -require=PATH@VERSION` or `-droprequire=PATH`.", requires},
	{"third-party", "Libraries depend on golang.org/x/sys, their tests on go-cmp and rapid, and codec's own code on nothing: each dependency of a library is one of every program that uses it.", thirdParty},
	{"x-sys-place", "In the libraries golang.org/x/sys is imported by packages named internal/sys alone: the places that depend on an operating system stay few and findable.", xsysPlace},
	{"unsafe-place", "unsafe is imported by files named *_unsafe.go and in internal/sys alone: what has to be read twice says so in its name.", unsafePlace},
	{"no-sleep", "Tests wait for a condition under a watchdog, never for a time: a sleep is too short on a busy machine and too long on every other.", noSleep},
	{"package-doc", "Every package says what it is in a package comment, in a file that no build constraint hides.", packageDoc},
	{"left-open", "Nothing is left open in the code: finish it, or write an issue.", leftOpen},
	{"machine-paths", "No path of a developer's machine and no registry host: they are true for one person.", machinePaths},
	{"line-ends", "All text files end their lines with LF: a CRLF changes the hash of a module.", lineEnds},
	{"selected-versions", "The third-party versions in the libraries' go.mod files are those that the workspace selects, so that what is tested here is what users get. Raise the library's version, or take the module that forces the newer one out of go.work.", selectedVersions},
	{"service-wasm", "The service core builds for js/wasm, which has no sockets: that proves that no transport has crept in.", serviceWasm},
}
