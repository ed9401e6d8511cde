package windows

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/plugin-ipc/netipc/codec/link"
)

// maxName is the longest object name, in bytes, that deployed peers use. CreateNamedPipeW would take one more.
const maxName = 255

// ErrNameTooLong: the service name is fine in itself, but an object name made from it would be longer than
// 255 bytes.
var ErrNameTooLong = errors.New("object name too long")

// PipeName returns the name of the pipe on which service is offered (spec 05):
//
//	\\.\pipe\netipc-{FNV-1a 64 of runDir, 16 hex digits}-{service}
//
// runDir goes into the hash verbatim: it is not cleaned, may have any length and may be empty, but both peers
// have to spell it alike. Errors: link.ErrBadServiceName, ErrNameTooLong.
func PipeName(runDir, service string) (string, error) {
	if err := link.CheckServiceName(service); err != nil {
		return "", err
	}
	return fitting(`\\.\pipe\netipc-` + hex16(fnv1a64(runDir)) + "-" + service)
}

// ObjectNames returns the names of the shared memory of one session, and of the two events with which HYBRID
// peers wake each other (spec 06):
//
//	Local\netipc-{H}-{service}-p{profile}-s{sessionID, 16 hex digits}-mapping, -req_event, -resp_event
//
// H is the FNV-1a 64 of runDir, a line feed, service, a line feed and authToken in decimal; profile is one bit
// of wire.Profile, in decimal. All three names have to fit, also for BUSYWAIT, which has no events. Errors:
// link.ErrBadServiceName, ErrNameTooLong.
func ObjectNames(runDir, service string, authToken uint64, profile uint32, sessionID uint64) (mapping, reqEvent, respEvent string, err error) {
	if err := link.CheckServiceName(service); err != nil {
		return "", "", "", err
	}
	stem := objectStem(runDir, service, authToken, profile, sessionID)
	if mapping, err = fitting(stem + mappingSuffix); err != nil {
		return "", "", "", err
	}
	if reqEvent, err = fitting(stem + reqEventSuffix); err != nil {
		return "", "", "", err
	}
	if respEvent, err = fitting(stem + respEventSuffix); err != nil {
		return "", "", "", err
	}
	return mapping, reqEvent, respEvent, nil
}

const (
	mappingSuffix   = "-mapping"
	reqEventSuffix  = "-req_event"
	respEventSuffix = "-resp_event"
)

func objectStem(runDir, service string, authToken uint64, profile uint32, sessionID uint64) string {
	h := fnv1a64(runDir + "\n" + service + "\n" + strconv.FormatUint(authToken, 10))
	return `Local\netipc-` + hex16(h) + "-" + service +
		"-p" + strconv.FormatUint(uint64(profile), 10) +
		"-s" + hex16(sessionID)
}

// fitting returns name, or ErrNameTooLong.
func fitting(name string) (string, error) {
	if len(name) > maxName {
		return "", fmt.Errorf("%w: %d bytes, at most %d: %q", ErrNameTooLong, len(name), maxName, name)
	}
	return name, nil
}

func hex16(v uint64) string { return fmt.Sprintf("%016x", v) }

// fnv1a64 is FNV-1a with 64 bits over the bytes of s.
func fnv1a64(s string) uint64 {
	const (
		offset = 0xcbf29ce484222325
		prime  = 0x00000100000001b3
	)
	h := uint64(offset)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * prime
	}
	return h
}
