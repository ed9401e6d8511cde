// Own-service uses a service of a user's own: package ipasn defines it, in one file to be copied; here it is served
// and called.
//
//	go run ./docs/examples/own-service
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/plugin-ipc/netipc/docs/examples/own-service/ipasn"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/local"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "netipc-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	l, err := local.Listen(ctx, dir, ipasn.ServiceName)
	if err != nil {
		return err
	}
	server := ipasn.NewServer(l, service.ServerConfig{}, lookup)
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	defer func() { err = errors.Join(err, server.Shutdown(ctx), <-served) }()

	d, err := local.NewDialer(dir, ipasn.ServiceName)
	if err != nil {
		return err
	}
	client := ipasn.NewClient(d, service.Config{})
	defer client.Close()
	if _, err := client.Refresh(ctx); err != nil {
		return err
	}
	for _, a := range []string{"192.0.2.7", "2001:db8::1", "203.0.113.1"} {
		asn, name, err := client.Lookup(ctx, netip.MustParseAddr(a))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %d %q\n", a, asn, name)
	}
	return nil
}

// table has prefixes and numbers that are set aside for documentation.
var table = []struct {
	prefix netip.Prefix
	asn    uint32
	name   string
}{
	{netip.MustParsePrefix("192.0.2.0/24"), 64496, "Example One"},
	{netip.MustParsePrefix("2001:db8::/32"), 64511, "Example Two"},
}

// lookup is the handler. Sessions call it beside one another; the table never changes.
func lookup(_ context.Context, addr netip.Addr, out *ipasn.Builder) error {
	for _, e := range table {
		if e.prefix.Contains(addr) {
			return out.Set(e.asn, e.name)
		}
	}
	return nil // unknown
}
