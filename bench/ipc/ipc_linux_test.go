package ipc

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/peer"
	"github.com/plugin-ipc/netipc/bench/side"
)

func TestMain(m *testing.M) {
	peer.Main(Roles())
	os.Exit(m.Run())
}

func TestCasesMeasureSomething(t *testing.T) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Prepare != nil {
				cleanup, err := c.Prepare(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				defer cleanup()
			}
			s, err := c.Run(context.Background(), time.Millisecond)
			if why, ok := err.(bench.Skip); ok {
				t.Skip(why)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range s {
				if m.Value < 0 || m.Value == 0 && m.Name != side.CPU { // above the pacer there may be none
					t.Errorf("%s is %v %s", m.Name, m.Value, m.Unit)
				}
			}
		})
	}
}
