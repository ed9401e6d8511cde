package proctest

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// roleEnv is how a process learns that it is to play a role. Its arguments are those of the process.
const roleEnv = "NETIPC_PROCTEST_ROLE"

// Play plays the role that Start asked for, and ends the process when it returns. In a process that no Start
// has made it does nothing. Call it first of all in TestMain.
func Play(roles map[string]func()) {
	name, ok := os.LookupEnv(roleEnv)
	if !ok {
		return
	}
	role, ok := roles[name]
	if !ok {
		Fail(fmt.Errorf("nobody has written the role %q", name))
	}
	role()
	os.Exit(0)
}

// Args returns the arguments that Start was given.
func Args() []string { return os.Args[1:] }

// Say sends a line to the test.
func Say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

var heard = bufio.NewScanner(os.Stdin)

// Hear waits for a line of the test. It has one caller at a time. When the test is over, so is the process.
func Hear() string {
	if !heard.Scan() {
		os.Exit(0)
	}
	return strings.TrimSpace(heard.Text())
}

// Fail ends the process; the test that waits for it shows why.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
