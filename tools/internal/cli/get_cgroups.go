package cli

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/snapshot/cgroups"
	"github.com/plugin-ipc/netipc/tools/internal/hostprovider"
	"github.com/plugin-ipc/netipc/tools/internal/render"
)

type getFlags struct {
	format  string
	watch   time.Duration
	timeout time.Duration
	noEmbed bool
	profile profile
}

func newGetCgroups(a *app) *cobra.Command {
	var f getFlags
	cmd := &cobra.Command{
		Use:   "cgroups",
		Short: "Show the cgroups of this host",
		Long: `get cgroups asks the provider of ` + snapshotService + ` in the run directory, of
whatever make, for all cgroups that it knows. If none runs there, it starts one
inside itself, on a socket in a private directory, and says so on standard error.

With --watch it asks again and again. As long as nobody answers it goes on showing
what it has, says on standard error how old that is and why, and reconnects by
itself. With --no-embed as well it waits for a provider that is not there yet.

table   NAME, ENABLED (whether the provider collects it) and PATH; control
        characters are shown as \xNN
json    one object: "endpoint", "embedded", "generation", "systemd_enabled",
        "cgroups": a list of objects with "name", "path", "hash", "options",
        "enabled"; with --watch also "age_seconds", and one object each time
ndjson  one such object a line for each cgroup, with "generation", and with --watch
        "age_seconds"
csv     columns name, path, hash, options, enabled, generation, and with --watch
        age_seconds; bytes as they are

All numbers are those of the provider: "generation" is an integer of 64 bits,
"enabled" and "systemd_enabled" are 0 for no. A name or path that is not UTF-8 has
its bytes in hexadecimal in "name_hex" or "path_hex" beside it, and U+FFFD for each
bad byte in itself.`,
		Example: `  netipc get cgroups
  netipc get cgroups -o json | jq '.cgroups[] | select(.enabled == 1).name'
  netipc get cgroups --watch 1s`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: runs(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			if f.watch <= 0 && cmd.Flags().Changed("watch") {
				return usagef("--watch %v: more than 0", f.watch)
			}
			if f.timeout <= 0 {
				return usagef("--timeout %v: more than 0", f.timeout)
			}
			err := a.getCgroups(ctx, &f)
			if f.watch > 0 && ctx.Err() != nil && a.out.failed() == nil {
				return nil // Ctrl-C is how it ends
			}
			return err
		}),
	}
	addOutput(cmd, &f.format, strs(render.Formats)...)
	flags := cmd.Flags()
	flags.DurationVarP(&f.watch, "watch", "w", 0, "ask again each `interval`, until Ctrl-C")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "how long to wait for an answer")
	addProfile(cmd, &f.profile)
	flags.BoolVar(&f.noEmbed, "no-embed", false, "start no provider if none runs")
	return cmd
}

func (a *app) getCgroups(ctx context.Context, f *getFlags) error {
	src, err := a.findSource(ctx, f)
	if err != nil {
		return err
	}
	defer src.close()
	w := render.NewCgroupsWriter(a.out, render.Format(f.format), style(a.out), isTerminal(a.out))
	if f.watch > 0 {
		return a.watch(ctx, src, w, f)
	}
	if err := refresh(ctx, src.cache, f.timeout); err != nil {
		return callError(err)
	}
	return w.Write(src.listing(src.cache.Snapshot()))
}

// source is where snapshots come from.
type source struct {
	cache    *cgroups.Cache
	embedded *hostprovider.Embedded // nil if somebody else provides
}

// findSource looks for a provider, and starts one if there is none and it may.
func (a *app) findSource(ctx context.Context, f *getFlags) (*source, error) {
	runDir, err := a.resolveRunDir()
	if errors.Is(err, local.ErrNoRunDir) && !f.noEmbed {
		return a.embed(ctx, f, err.Error())
	}
	if err != nil {
		return nil, err
	}
	cache, err := a.newCache(runDir, f.profile, f.timeout)
	if err != nil {
		return nil, err
	}
	err = connect(ctx, cache.Client(), f.timeout)
	if err == nil {
		return &source{cache: cache}, nil
	}
	endpoint := cache.Client().Status().Endpoint
	switch {
	case errors.Is(err, link.ErrNotFound) && !f.noEmbed:
		cache.Close()
		return a.embed(ctx, f, "no provider at "+endpoint)
	case f.watch > 0 && !errors.Is(err, syscall.ENOTDIR):
		return &source{cache: cache}, nil // it may pass
	}
	cache.Close()
	return nil, connectError(err, endpoint)
}

// embed starts a provider inside. why says why there is no other.
func (a *app) embed(ctx context.Context, f *getFlags, why string) (*source, error) {
	p, err := a.startProvider(ctx, snapshotService, why)
	if err != nil {
		return nil, err
	}
	d, err := local.NewDialer(p.RunDir(), snapshotService)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	cfg := service.Config{MaxResponsePayload: hostprovider.ResponseLimit, Timeout: f.timeout}
	return &source{cache: cgroups.New(d, cgroups.Config{Client: cfg}), embedded: p}, nil
}

// startProvider starts a provider of a service inside, and says so. why says why there is no other.
func (a *app) startProvider(ctx context.Context, name, why string) (*hostprovider.Embedded, error) {
	a.say("%s: asking one started for this", why)
	p, err := hostprovider.Embed(ctx, name, discard)
	if err != nil {
		err = fmt.Errorf("%s, and none could be started for this: %w", why, err)
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, unavailable(err)
		}
		return nil, err
	}
	return p, nil
}

// close ends the client, and the provider if it is one of our own.
func (s *source) close() {
	s.cache.Close()
	if s.embedded != nil {
		s.embedded.Close()
	}
}

func (s *source) endpoint() string { return s.cache.Client().Status().Endpoint }

// listing is a snapshot from there, to be written.
func (s *source) listing(snap *cgroups.Snapshot) render.Cgroups {
	return render.Cgroups{
		Endpoint: s.endpoint(), Embedded: s.embedded != nil,
		Generation: snap.Generation(), SystemdEnabled: snap.SystemdEnabled(),
		Len: snap.Len(), Items: snap.All(),
	}
}

// newCache returns a cache of what the provider of snapshots says.
func (a *app) newCache(runDir string, p profile, timeout time.Duration) (*cgroups.Cache, error) {
	d, cfg, err := a.newDialer(runDir, snapshotService, p.bits(), timeout)
	if err != nil {
		return nil, err
	}
	return cgroups.New(d, cgroups.Config{Client: cfg}), nil
}

func refresh(ctx context.Context, c *cgroups.Cache, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return c.Refresh(ctx)
}

// refresher is any client.
type refresher interface {
	Refresh(context.Context) (bool, error)
	Status() service.Status
}

// connect is Refresh, within limit.
func connect(ctx context.Context, c refresher, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := c.Refresh(ctx)
	return err
}
