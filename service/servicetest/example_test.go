package servicetest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

// A client survives that its provider's connection breaks in the middle of a call.
func Example() {
	var t testing.TB = discard{} // a test has its own

	e := servicetest.NewEndpoint()
	stop := servicetest.Serve(t, increment.NewServer(e.MustListen(t), service.ServerConfig{}, increment.Next))
	defer stop()
	client := service.NewClient[uint64, uint64, increment.Method](e.Dialer(), service.Config{})
	defer client.Close()

	ctx := context.Background()
	e.FailDials(1, nil)
	_, err := client.Refresh(ctx)
	fmt.Println("not there yet:", errors.Is(err, link.ErrNotFound))
	_, err = client.Refresh(ctx)
	fmt.Println("there:", err)

	e.Break()
	err = client.Call(ctx, 41, func(v uint64) error {
		fmt.Println("41 incremented is", v)
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// not there yet: true
	// there: <nil>
	// 41 incremented is 42
	// error: <nil>
}

// discard is a testing.TB that has no test.
type discard struct{ testing.TB }

func (discard) Helper()        {}
func (discard) Cleanup(func()) {}
