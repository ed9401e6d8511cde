package codec_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/plugin-ipc/netipc/codec/internal/golden"
	"github.com/plugin-ipc/netipc/codec/vectortest"
)

// Recorded vectors: in codec/, values and the bytes that deployed peers write for them; in oracle/, bytes and
// what deployed peers think of them. Verdict, decoded value and encoded bytes must be as recorded, except where
// a decision of spec 15 says otherwise: such rows carry its letter.

// judges says how the rows of a family are judged.
var judges = func() map[string]judge {
	all := maps.Clone(wireJudges)
	maps.Copy(all, batchJudges)
	maps.Copy(all, typedJudges)
	maps.Copy(all, lookupJudges)
	maps.Copy(all, builderJudges)
	return all
}()

// judge is how the rows of one family are judged.
type judge interface {
	golden(json.RawMessage) (letter, error)  // a row of codec/
	verdict(json.RawMessage) (letter, error) // a row of oracle/
}

// letter is the decision of spec 15 by which a row deliberately differs; empty if it does not.
type letter string

func TestVectorsCodec(t *testing.T)  { testVectors(t, "codec", judge.golden) }
func TestVectorsOracle(t *testing.T) { testVectors(t, "oracle", judge.verdict) }

func testVectors(t *testing.T, sub string, rule func(judge, json.RawMessage) (letter, error)) {
	golden.SkipBigEndian(t)
	for _, f := range vectortest.Files(t, sub) {
		t.Run(f.Family, func(t *testing.T) {
			rows := vectortest.Rows(t, f)
			j, ok := judges[f.Family]
			if !ok {
				t.Fatalf("%v: nobody judges this family", f)
			}
			judgeRows(t, rows, func(row json.RawMessage) (letter, error) { return rule(j, row) })
		})
	}
}

// judgeRows judges all rows, shows the first that are wrong, and logs how many differ by which letter.
func judgeRows(t *testing.T, rows []json.RawMessage, rule func(json.RawMessage) (letter, error)) {
	const shown = 10
	wrong, differ := 0, map[letter]int{}
	for i, raw := range rows {
		l, err := rule(raw)
		if l != "" {
			differ[l]++
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
	for l, n := range differ {
		t.Logf("%d rows differ by decision %s of spec 15", n, l)
	}
}
