package service_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/plugin-ipc/netipc/service"
	incr "github.com/plugin-ipc/netipc/service/increment"
	"github.com/plugin-ipc/netipc/service/servicetest"
)

// counting is INCREMENT that remembers how many answers it has read.
type counting struct {
	incr.Method
	read *atomic.Int64
}

func (m counting) DecodeResponse(b []byte) (uint64, error) {
	m.read.Add(1)
	return m.Method.DecodeResponse(b)
}

// TestNewClientOf: the client uses the method that it was given, and not another of its type.
func TestNewClientOf(t *testing.T) {
	endpoint := servicetest.NewEndpoint()
	l, err := endpoint.Listen()
	if err != nil {
		t.Fatal(err)
	}
	server := incr.NewServer(l, service.ServerConfig{}, incr.Next)
	served := make(chan error, 1)
	go func() { served <- server.Serve(t.Context()) }()
	defer func() {
		if err := errors.Join(server.Close(), <-served); err != nil {
			t.Error(err)
		}
	}()
	var one, other atomic.Int64
	for i, read := range []*atomic.Int64{&one, &other} {
		c := service.NewClientOf(endpoint.Dialer(), service.Config{}, counting{read: read})
		defer c.Close()
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 3 + i {
			if err := c.Call(t.Context(), 1, func(v uint64) error {
				if v != 2 {
					t.Errorf("%d", v)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if one.Load() != 3 || other.Load() != 4 {
		t.Errorf("read %d and %d answers, want 3 and 4", one.Load(), other.Load())
	}
}
