package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/google/go-cmp/cmp"

	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/applookup"
	"github.com/plugin-ipc/netipc/codec/cgrouplookup"
	"github.com/plugin-ipc/netipc/codec/vectortest"
)

// Families about what builders do, which have rows in codec/ alone.
var builderJudges = map[string]judge{
	"encode_accept_refuse":     offeredItems{},
	"lookup_dispatch_overflow": tightAnswers{},
}

// offeredItems are items offered to the builders, and keys to the encoders of requests: taken and written as the
// peers do it, or refused as they do.
type offeredItems struct{}

func (offeredItems) verdict(json.RawMessage) (letter, error) {
	return "", errors.New("builders have no rows in oracle/")
}

func (offeredItems) golden(raw json.RawMessage) (letter, error) {
	var r struct {
		row
		Codec string `json:"codec"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return "", err
	}
	if r.C == "" || r.Go == "" || r.Value == nil || (r.C == "ok") != (r.Go == "ok") || (r.C == "ok") != (r.Hex != nil) {
		return "", errors.New("not a row of encode_accept_refuse: a value, verdicts that agree, and bytes if they are ok")
	}
	got, err := offer(r.Codec, r.Value)
	switch {
	case errors.Is(err, errNotOffered), errors.Is(err, errDisagree):
		return "", err
	case r.Hex == nil && err == nil:
		return "", fmt.Errorf("taken as %x, recorded %s", got, r.Go)
	case r.Hex == nil:
		return "", nil
	case err != nil:
		return "", fmt.Errorf("refused: %w", err)
	case !bytes.Equal(got, *r.Hex):
		return "", fmt.Errorf("encodes to\n%x, recorded\n%x", got, *r.Hex)
	}
	return "", nil
}

// errNotOffered says that a row could not be read, which is no verdict.
var errNotOffered = errors.New("nothing was offered")

func offer(name string, value json.RawMessage) ([]byte, error) {
	read := func(v any) (err error) {
		if err = vectortest.Strict(value, v); err != nil {
			err = fmt.Errorf("%w: %w", errNotOffered, err)
		}
		return err
	}
	switch name {
	case "cgroups_lookup_request":
		var v pathsJSON
		if err := read(&v); err != nil {
			return nil, err
		}
		return encodePaths(v.Paths)
	case "apps_lookup_request":
		var v pidsJSON
		if err := read(&v); err != nil {
			return nil, err
		}
		return encodePIDs(v.PIDs)
	case "cgroups_lookup_response":
		var v struct {
			Generation vectortest.U64 `json:"generation"`
			cgroupItemJSON
		}
		if err := read(&v); err != nil {
			return nil, err
		}
		return encodeCgroups(uint64(v.Generation), []cgroupItemJSON{v.cgroupItemJSON})
	case "apps_lookup_response":
		var v struct {
			Generation vectortest.U64 `json:"generation"`
			appItemJSON
		}
		if err := read(&v); err != nil {
			return nil, err
		}
		return encodeApps(uint64(v.Generation), []appItemJSON{v.appItemJSON})
	}
	return nil, fmt.Errorf("%w: nobody knows a codec %q", errNotOffered, name)
}

// tightAnswers are requests answered within buffers of all sizes. Where the peers disagree (D1), we do as Go does
// (15-c).
type tightAnswers struct{}

func (tightAnswers) verdict(json.RawMessage) (letter, error) {
	return "", errors.New("builders have no rows in oracle/")
}

func (tightAnswers) golden(raw json.RawMessage) (letter, error) {
	var r struct {
		Codec      string          `json:"codec"`
		Size       *int            `json:"response_buf_size"`
		Request    *vectortest.Hex `json:"request_hex"`
		Answers    *vectortest.Hex `json:"answers_hex"`
		Go         string          `json:"go"`
		Agree      *bool           `json:"agree"`
		Statuses   []uint16        `json:"statuses"`
		Hex        *vectortest.Hex `json:"hex"`
		GoStatuses []uint16        `json:"go_statuses"`
		GoHex      *vectortest.Hex `json:"go_hex"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return "", err
	}
	if r.Size == nil || r.Request == nil || r.Answers == nil || r.Agree == nil {
		return "", errors.New("not a row of lookup_dispatch_overflow")
	}
	var by letter
	if !*r.Agree {
		by, r.Hex, r.Statuses = "c", r.GoHex, r.GoStatuses
	}
	if (r.Go == "ok") != (r.Hex != nil) || r.Go != "ok" && r.Go != "overflow" {
		return by, fmt.Errorf("recorded %q and bytes %v", r.Go, r.Hex)
	}
	// However the builder comes by the room, it is the same room.
	for _, room := range []room{
		{dst: *r.Size, budget: math.MaxInt},
		{dst: *r.Size + 100, budget: *r.Size},
		{dst: *r.Size / 3, budget: *r.Size, growTo: *r.Size + 100},
		{dst: *r.Size / 3, budget: math.MaxInt, growTo: *r.Size},
	} {
		got, statuses, err := dispatch(r.Codec, *r.Request, *r.Answers, room)
		if r.Hex == nil {
			if !errors.Is(err, codec.ErrOverflow) {
				return by, fmt.Errorf("%+v: %x, %w; recorded an overflow", room, got, err)
			}
			continue
		}
		if err != nil {
			return by, fmt.Errorf("%+v: %w", room, err)
		}
		if !bytes.Equal(got, *r.Hex) {
			return by, fmt.Errorf("%+v:\n%x, recorded\n%x", room, got, *r.Hex)
		}
		if diff := cmp.Diff(r.Statuses, statuses); diff != "" {
			return by, fmt.Errorf("%+v: statuses -recorded +decoded:\n%s", room, diff)
		}
	}
	return by, nil
}

// dispatch answers a request as a server does whose handler has the answers.
func dispatch(name string, request, answers []byte, r room) (b []byte, statuses []uint16, err error) {
	statuses = []uint16{}
	switch name {
	case "cgroups_lookup_dispatch":
		req, err := cgrouplookup.DecodeRequest(request)
		if err != nil {
			return nil, nil, err
		}
		v, err := cgrouplookup.DecodeResponse(answers)
		if err != nil {
			return nil, nil, err
		}
		var all cgrouplookup.Response
		v.Clone(&all)
		if b, err = answerCgroups(all.Generation, req, all.Items, r); err != nil {
			return nil, nil, err
		}
		if v, err = cgrouplookup.DecodeResponse(b); err != nil {
			return b, nil, err
		}
		for _, it := range v.All() {
			statuses = append(statuses, uint16(it.Status()))
		}
		return b, statuses, nil
	case "apps_lookup_dispatch":
		req, err := applookup.DecodeRequest(request)
		if err != nil {
			return nil, nil, err
		}
		v, err := applookup.DecodeResponse(answers)
		if err != nil {
			return nil, nil, err
		}
		var all applookup.Response
		v.Clone(&all)
		if b, err = answerApps(all.Generation, req, all.Items, r); err != nil {
			return nil, nil, err
		}
		if v, err = applookup.DecodeResponse(b); err != nil {
			return b, nil, err
		}
		for _, it := range v.All() {
			statuses = append(statuses, uint16(it.Status()))
		}
		return b, statuses, nil
	}
	return nil, nil, fmt.Errorf("nobody knows a dispatch %q", name)
}
