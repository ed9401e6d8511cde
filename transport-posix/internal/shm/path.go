package shm

import (
	"fmt"
	"strconv"
	"strings"
)

// Ending is how the name of a region's file ends.
const Ending = ".ipcshm"

// digits is how many hex digits of a name are the session id.
const digits = 16

// Path returns the path of one session's region: runDir, taken verbatim, a slash, service, a dash, the session
// id in 16 lower-case hex digits, ".ipcshm". It judges neither of its parts.
func Path(runDir, service string, session uint64) string {
	return runDir + "/" + Name(service, session)
}

// Name returns the last element of Path.
func Name(service string, session uint64) string {
	return fmt.Sprintf("%s-%0*x%s", service, digits, session, Ending)
}

// ParseName takes a file's name apart. Only what Name can have made passes: a looser pattern would take a
// region of service a-b for one of service a.
func ParseName(name string) (service string, session uint64, ok bool) {
	rest, ok := strings.CutSuffix(name, Ending)
	dash := len(rest) - digits - 1
	if !ok || dash < 1 || rest[dash] != '-' {
		return "", 0, false
	}
	id := rest[dash+1:]
	if strings.Trim(id, "0123456789abcdef") != "" {
		return "", 0, false
	}
	session, err := strconv.ParseUint(id, 16, 64)
	return rest[:dash], session, err == nil
}
