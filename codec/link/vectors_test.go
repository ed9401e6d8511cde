package link_test

import (
	"encoding/json"
	"testing"

	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/vectortest"
)

// Recorded vectors: negotiation/ holds what deployed servers answer to a HELLO and what deployed clients make
// of the answer. Ours must be as recorded, except where a decision of spec 15 says otherwise: such rows carry
// its letter, and must differ just as it says.

// elsewhere are the families that another package judges, because they need a server and a client.
var elsewhere = map[string]string{
	"session":                 "service/local",
	"client_response":         "service/local",
	"special":                 "service/local",
	"go_batch_padding_leak":   "service/local",
	"go_batch_tight_response": "service/local",
}

// judges says how the rows of a family are judged. The letter is the decision by which a row differs; empty if
// it does not. What happens after the handshake is judged in service/local.
var judges = map[string]func(json.RawMessage) (letter string, err error){
	"handshake":  judgeHandshake,
	"client_ack": judgeClientAck,
}

func TestVectorsNegotiation(t *testing.T) {
	golden.SkipBigEndian(t)
	for _, f := range vectortest.Files(t, "negotiation") {
		t.Run(f.Family, func(t *testing.T) {
			if place := elsewhere[f.Family]; place != "" {
				t.Skipf("%v: judged in %s", f, place)
			}
			judge, ok := judges[f.Family]
			if !ok {
				t.Fatalf("%v: nobody judges this family", f)
			}
			judgeRows(t, vectortest.Rows(t, f), judge)
		})
	}
}

// judgeRows judges all rows, shows the first that are wrong, and logs how many differ by which letter.
func judgeRows(t *testing.T, rows []json.RawMessage, judge func(json.RawMessage) (string, error)) {
	const shown = 10
	wrong, differ := 0, map[string]int{}
	for i, raw := range rows {
		letter, err := judge(raw)
		if letter != "" {
			differ[letter]++
		}
		if err == nil {
			continue
		}
		if wrong++; wrong <= shown {
			t.Errorf("row %d: %v\n%.600s", i+1, err, raw)
		}
	}
	if wrong > shown {
		t.Errorf("and %d rows more", wrong-shown)
	}
	for letter, n := range differ {
		t.Logf("%d rows differ by decision %s of spec 15", n, letter)
	}
}
