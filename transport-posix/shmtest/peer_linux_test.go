package shmtest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

func TestPeers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "region")
	server, err := Create(path, 64, 128)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client, err := Attach(path)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 100 {
		client.Publish([]byte("question"), 8)
		if b, err := server.Await(t.Context()); err != nil || string(b) != "question" {
			t.Fatalf("%q, %v", b, err)
		}
		server.Publish([]byte("answer"), 6)
		if b, err := client.Await(t.Context()); err != nil || string(b) != "answer" {
			t.Fatalf("%q, %v", b, err)
		}
	}
	if a, b := client.Published(); a != 100 || b != 100 {
		t.Errorf("%d, %d", a, b)
	}
	for _, length := range []uint32{0, 65, 1<<32 - 1} {
		client.Publish(nil, length)
		if _, err := server.Await(t.Context()); !errors.Is(err, ErrTruncated) {
			t.Errorf("a length of %d: %v", length, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.Await(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := errors.Join(server.Close(), server.Close(), client.Close()); err != nil {
		t.Error(err)
	}
	if _, err := Attach(path + "x"); err == nil {
		t.Error("attached to nothing")
	}
}
