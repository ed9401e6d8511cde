package windows

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/plugin-ipc/netipc/codec/vectortest"
)

// sections of derive/names.json, and whether they are judged here: the others are the business of codec/link
// and of transport-posix.
var sections = map[string]func(*testing.T, json.RawMessage){
	"fnv1a64":             judgeFNV,
	"windows_pipe_names":  judgePipeName,
	"windows_shm_objects": judgeObjectNames,
	"service_names":       nil,
	"socket_paths":        nil,
	"posix_shm_paths":     nil,
}

// TestVectorNames holds the names against those that deployed peers were seen to make.
func TestVectorNames(t *testing.T) {
	for _, f := range vectortest.Files(t, "derive") {
		if f.Family != "names" {
			t.Errorf("%v: nobody judges it", f)
			continue
		}
		recorded := map[string][]json.RawMessage{}
		vectortest.Into(t, vectortest.Read(t, f), &recorded)
		for section, rows := range recorded {
			judge, known := sections[section]
			if !known {
				t.Errorf("%v: nobody judges %s", f, section)
			}
			if judge == nil {
				continue
			}
			t.Run(section, func(t *testing.T) {
				for _, row := range rows {
					judge(t, row)
				}
				t.Logf("%d rows", len(rows))
				if least := vectortest.MinSection(t, f, section); len(rows) < least {
					t.Errorf("%d rows, but at least %d were recorded", len(rows), least)
				}
			})
		}
	}
}

func judgeFNV(t *testing.T, row json.RawMessage) {
	var v struct {
		Input    *string        `json:"input"`
		InputHex vectortest.Hex `json:"input_hex"`
		Hash     string         `json:"fnv1a64"`
		Note     string         `json:"note"`
	}
	strict(t, row, &v)
	if got := hex16(fnv1a64(string(v.InputHex))); got != v.Hash {
		t.Errorf("%x: got %s, want %s", v.InputHex, got, v.Hash)
	}
}

func judgePipeName(t *testing.T, row json.RawMessage) {
	var v struct {
		RunDir  vectortest.Str `json:"run_dir"`
		Service vectortest.Str `json:"service"`
		Spec    string         `json:"spec"`
		Len     int            `json:"len"`
		C       string         `json:"c"`
		Go      string         `json:"go"`
		CError  string         `json:"c_error"`
		GoError string         `json:"go_error"`
	}
	strict(t, row, &v)
	got, err := PipeName(string(v.RunDir), string(v.Service))
	switch {
	case v.CError != v.GoError:
		t.Errorf("peers that disagree: %s", row)
	case v.GoError == "name_too_long":
		if !errors.Is(err, ErrNameTooLong) || v.Len <= maxName {
			t.Errorf("%d bytes: got %q, %v, want it refused as too long", v.Len, got, err)
		}
	case v.GoError != "":
		t.Errorf("refused for an unknown reason: %s", row)
	case err != nil || got != v.Spec || got != v.C || got != v.Go:
		t.Errorf("got %q, %v, want %q", got, err, v.Spec)
	}
}

func judgeObjectNames(t *testing.T, row json.RawMessage) {
	var v struct {
		RunDir    vectortest.Str `json:"run_dir"`
		Service   vectortest.Str `json:"service"`
		AuthToken vectortest.U64 `json:"auth_token"`
		Profile   uint32         `json:"profile"`
		SessionID vectortest.U64 `json:"session_id"`
		Hash      string         `json:"hash"`
		Mapping   string         `json:"mapping"`
		ReqEvent  string         `json:"req_event"`
		RespEvent string         `json:"resp_event"`
		Agree     bool           `json:"agree"`

		CMappingError    string `json:"c_mapping_error"`
		CReqEventError   string `json:"c_req_event_error"`
		CRespEventError  string `json:"c_resp_event_error"`
		GoMappingError   string `json:"go_mapping_error"`
		GoReqEventError  string `json:"go_req_event_error"`
		GoRespEventError string `json:"go_resp_event_error"`
	}
	strict(t, row, &v)
	// Decision s (15-decisions, D17): the deployed C refuses to hash 512 bytes and more, the deployed Go and we do not.
	hashed := fmt.Sprintf("%s\n%s\n%s", v.RunDir, v.Service, strconv.FormatUint(uint64(v.AuthToken), 10))
	ofC, ofGo := []string{v.CMappingError, v.CReqEventError, v.CRespEventError}, []string{v.GoMappingError, v.GoReqEventError, v.GoRespEventError}
	if len(hashed) < 512 && !slices.Equal(ofC, ofGo) {
		t.Errorf("peers that disagree: %s", row)
	}
	if got := hex16(fnv1a64(hashed)); got != v.Hash {
		t.Errorf("hash of %q: got %s, want %s", hashed, got, v.Hash)
	}

	stem := objectStem(string(v.RunDir), string(v.Service), uint64(v.AuthToken), v.Profile, uint64(v.SessionID))
	var want []string
	refused := false
	for i, name := range []struct{ suffix, recorded string }{
		{mappingSuffix, v.Mapping}, {reqEventSuffix, v.ReqEvent}, {respEventSuffix, v.RespEvent},
	} {
		want = append(want, name.recorded)
		got, err := fitting(stem + name.suffix)
		switch {
		case ofGo[i] != "":
			refused = true
			if !errors.Is(err, ErrNameTooLong) {
				t.Errorf("got %q, %v, want it refused as too long", got, err)
			}
		case err != nil || got != name.recorded:
			t.Errorf("got %q, %v, want %q", got, err, name.recorded)
		}
	}
	mapping, reqEvent, respEvent, err := ObjectNames(string(v.RunDir), string(v.Service), uint64(v.AuthToken), v.Profile, uint64(v.SessionID))
	if refused {
		if !errors.Is(err, ErrNameTooLong) {
			t.Errorf("%s: %v, want it refused as too long", v.Mapping, err)
		}
	} else if got := []string{mapping, reqEvent, respEvent}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// strict reads the whole row: a member that v lacks would be a value that nobody compares.
func strict(t *testing.T, row json.RawMessage, v any) {
	t.Helper()
	if err := vectortest.Strict(row, v); err != nil {
		t.Fatal(err)
	}
}
