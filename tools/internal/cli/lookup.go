package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/hostprovider"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

func newLookup(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lookup",
		Short: "Ask a provider about processes or cgroups, and show the answer",
		Args:  cobra.ArbitraryArgs,
		RunE: runs(func(_ context.Context, cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q for %q: there are pid and cgroup", args[0], cmd.CommandPath())
			}
			return usagef("what? There are %s pid and %[1]s cgroup", cmd.CommandPath())
		}),
	}
	cmd.AddCommand(newLookupPID(a), newLookupCgroup(a))
	return cmd
}

type lookupFlags struct {
	format  string
	timeout time.Duration
	profile profile
	noEmbed bool
	labels  bool
}

// lookupOutput is what the help of both lookups says of -o.
const lookupOutput = `With -o csv labels are a JSON list of objects with "key" and "value", as in json. Text
that is not UTF-8 has its bytes in hexadecimal in a field with _hex beside it, in CSV
it is as it is.`

func (f *lookupFlags) add(cmd *cobra.Command) {
	addOutput(cmd, &f.format, strs(render.Formats)...)
	addProfile(cmd, &f.profile)
	flags := cmd.Flags()
	flags.BoolVarP(&f.labels, "labels", "l", false, "show labels in the table too")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "how long to wait for an answer")
	flags.BoolVar(&f.noEmbed, "no-embed", false, "start no provider if none runs")
}

func (f *lookupFlags) check() error {
	if f.timeout <= 0 {
		return usagef("--timeout %v: more than 0", f.timeout)
	}
	return nil
}

// client is what all clients can do.
type client interface {
	refresher
	Close() error
}

// found is a client that is connected, and the provider if it is one of our own.
type found[C client] struct {
	client   C
	embedded *hostprovider.Embedded
}

func (p found[C]) close() {
	p.client.Close()
	if p.embedded != nil {
		p.embedded.Close()
	}
}

// find looks for a provider of a service, and starts one if there is none and it may.
func find[C client](ctx context.Context, a *app, f *lookupFlags, name string, newClient func(link.Dialer, service.Config) C) (found[C], error) {
	runDir, err := a.resolveRunDir()
	if errors.Is(err, local.ErrNoRunDir) && !f.noEmbed {
		return embedded(ctx, a, f, name, err.Error(), newClient)
	}
	if err != nil {
		return found[C]{}, err
	}
	d, cfg, err := a.newDialer(runDir, name, f.profile.bits(), f.timeout)
	if err != nil {
		return found[C]{}, err
	}
	c := newClient(d, cfg)
	if err = connect(ctx, c, f.timeout); err == nil {
		return found[C]{client: c}, nil
	}
	endpoint := c.Status().Endpoint
	c.Close()
	if errors.Is(err, link.ErrNotFound) && !f.noEmbed {
		return embedded(ctx, a, f, name, "no provider at "+endpoint, newClient)
	}
	return found[C]{}, connectError(err, endpoint)
}

// embedded starts a provider inside. why says why there is no other.
func embedded[C client](ctx context.Context, a *app, f *lookupFlags, name, why string, newClient func(link.Dialer, service.Config) C) (found[C], error) {
	p, err := a.startProvider(ctx, name, why)
	if err != nil {
		return found[C]{}, err
	}
	d, err := local.NewDialer(p.RunDir(), name)
	if err != nil {
		return found[C]{}, errors.Join(err, p.Close())
	}
	c := newClient(d, service.Config{MaxResponsePayload: hostprovider.ResponseLimit, Timeout: f.timeout})
	if err := connect(ctx, c, f.timeout); err != nil {
		return found[C]{}, errors.Join(err, c.Close(), p.Close())
	}
	return found[C]{c, p}, nil
}
