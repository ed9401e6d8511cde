package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service"
	"github.com/plugin-ipc/netipc/service/local"
	"github.com/plugin-ipc/netipc/tools/internal/hostprovider"
	"github.com/plugin-ipc/netipc/tools/internal/rundir"
	posix "github.com/plugin-ipc/netipc/transport-posix"
)

// shutdownPatience is how long calls in progress may take after Ctrl-C.
const shutdownPatience = 10 * time.Second

type serveFlags struct {
	logLevel  string
	logFormat string
	allowUIDs []uint
	allowAny  bool
	interval  time.Duration
}

func newServe(a *app) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [SERVICE...]",
		Short: "Be the provider for this host",
		Long: `serve offers services of this host in the run directory, until Ctrl-C or SIGTERM;
then it lets calls in progress finish, removes what it has put there, and exits
with status 0. Clients that want to share memory can, where the system lets them.
Without arguments it serves all there are:

  ` + snapshotService + `   all cgroups of this host, listed anew all the time
  ` + cgroupsLookupService + `     whose cgroup a path is: orchestrator, name, labels
  ` + appsLookupService + `        who a process is: parent, user, start time, command, cgroup

Lookups of many processes are answered from memory. What they say of a process is up
to a second old, on a host whose processes take longer than 170 ms to read six times
as long as that; so long one that has ended is still there. Up to 16 pids at a time,
and those that are new, are read when they are asked for.

A run directory that is not there is made, with mode 0700. Only the same user and
root are served; with --allow-uid or --allow-any-uid others as well: the directory
is then made with mode 0755 and the sockets with 0666, and the kernel tells who it
is that connects. With an auth token, clients have to know it as well.

What happens is logged on standard error.`,
		Example: `  netipc serve
  netipc serve ` + appsLookupService + ` --run-dir ./run --log-level debug
  netipc serve --allow-uid 201`,
		Args: cobra.OnlyValidArgs, ValidArgs: hostprovider.Services,
		RunE: runs(func(ctx context.Context, _ *cobra.Command, args []string) error {
			return a.serve(ctx, &f, args)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.logLevel, "log-level", "info", "least level that is logged: "+list(logLevels))
	flags.StringVar(&f.logFormat, "log-format", "text", "how to log: "+list(logFormats))
	flags.UintSliceVar(&f.allowUIDs, "allow-uid", nil, "serve this `uid` too; may be repeated")
	flags.DurationVar(&f.interval, "interval", hostprovider.Interval, "wait between two listings, at least; requests do not wait for one")
	flags.BoolVar(&f.allowAny, "allow-any-uid", false, "serve everybody")
	cmd.MarkFlagsMutuallyExclusive("allow-uid", "allow-any-uid")
	completeWords(cmd, "log-level", logLevels...)
	completeWords(cmd, "log-format", logFormats...)
	return cmd
}

func (a *app) serve(ctx context.Context, f *serveFlags, names []string) (err error) {
	log, err := a.logger(f.logLevel, f.logFormat)
	if err != nil {
		return err
	}
	who, err := f.access()
	if err != nil {
		return err
	}
	token, err := a.authToken()
	if err != nil {
		return err
	}
	runDir, err := a.resolveRunDir()
	if err != nil {
		return err
	}
	if f.interval <= 0 {
		return usagef("--interval %v has to be more than 0", f.interval)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		names = hostprovider.Services
	}
	host := hostprovider.NewHost(f.interval, log)
	defer func() {
		patience, cancel := context.WithTimeout(context.Background(), shutdownPatience)
		defer cancel()
		err = errors.Join(err, host.Stop(patience))
	}()
	for _, name := range names {
		if err := host.Check(ctx, name); errors.Is(err, errors.ErrUnsupported) {
			return unavailable(err)
		} else if err != nil {
			return err
		}
	}
	var all []server
	for _, name := range names {
		l, err := who.listen(ctx, runDir, name)
		if err != nil {
			for _, s := range all {
				s.Close()
			}
			return serveError(err, runDir, name)
		}
		all = append(all, server{host.NewServer(l, name, token), name})
	}
	who.warn(log, runDir)
	warm, cool := context.WithCancel(context.Background())
	kept := make(chan struct{})
	go func() { defer close(kept); host.Run(warm) }()
	defer func() { cool(); <-kept }()
	return serveUntil(ctx, all, log)
}

// server is that of one service.
type server struct {
	hostprovider.Server
	name string
}

// serveUntil serves until ctx ends, or one of the servers does, and ends all in good order.
func serveUntil(ctx context.Context, all []server, log *slog.Logger) error {
	served := make(chan error, len(all))
	for _, s := range all {
		go func() { served <- s.Serve(context.Background()) }()
		log.Info("serving", "service", s.name, "endpoint", s.Status().Endpoint, "pid", os.Getpid())
	}
	var why error
	waiting := len(all)
	select {
	case why = <-served:
		waiting--
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), shutdownPatience)
	defer cancel()
	cuts := make([]error, len(all))
	var ends sync.WaitGroup
	for i, s := range all {
		log.Info("stopping", "service", s.name, "sessions", s.Status().Sessions)
		ends.Go(func() { cuts[i] = s.Shutdown(patience) })
	}
	ends.Wait()
	for range waiting {
		why = errors.Join(why, <-served)
	}
	for i, s := range all {
		logEnd(log.With("service", s.name), s.Status(), cuts[i])
	}
	return why
}

func logEnd(log *slog.Logger, st service.ServerStatus, cut error) {
	if cut != nil {
		log.Warn("calls were still in progress", "error", cut)
	}
	log.Info("stopped", "sessions", st.Accepted, "refused", st.Refused, "requests", st.Requests,
		"answers", st.Answers[wire.StatusOK], "bytes", st.BytesOut)
}

// access says who is served.
type access struct {
	uids []uint32
	any  bool
}

func (f *serveFlags) access() (access, error) {
	who := access{any: f.allowAny}
	for _, uid := range f.allowUIDs {
		if uid > math.MaxUint32 {
			return access{}, usagef("--allow-uid %d: no such uid", uid)
		}
		who.uids = append(who.uids, uint32(uid))
	}
	return who, nil
}

// others reports whether anybody beside this user and root is served.
func (w access) others() bool { return w.any || len(w.uids) > 0 }

func (w access) listen(ctx context.Context, runDir, name string) (link.Listener, error) {
	if !w.others() {
		if err := rundir.Make(runDir, rundir.Closed); err != nil {
			return nil, err
		}
		return local.Listen(ctx, runDir, name)
	}
	if err := rundir.Make(runDir, rundir.Open); err != nil {
		return nil, err
	}
	cfg := posix.ListenConfig{
		Config:      posix.Config{RunDir: runDir, Service: name},
		Mode:        0o666, // connecting takes the right to write; who may is decided by uid
		AllowAnyUID: w.any,
	}
	if !w.any {
		cfg.AllowUIDs = append(slices.Clone(w.uids), uint32(os.Geteuid()), 0)
	}
	l, err := posix.Listen(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// warn says so if those who are to be served cannot get there.
func (w access) warn(log *slog.Logger, runDir string) {
	const othersPass = 0o001
	if info, err := os.Stat(runDir); w.others() && err == nil && info.Mode().Perm()&othersPass == 0 {
		log.Warn("other users cannot get into the run directory", "dir", runDir, "mode", info.Mode().Perm().String())
	}
}

// serveError says what to do about an endpoint that cannot be had.
func serveError(err error, runDir, name string) error {
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return unavailable(err)
	case !errors.Is(err, link.ErrAddrInUse):
		return badRunDir(err)
	}
	all, _ := posix.Inspect(runDir)
	for _, e := range all {
		if e.Service == name && e.Owner.Known {
			return fmt.Errorf("a live provider has %s: stop it, or give --run-dir (it is pid %d of uid %d)", e.Socket, e.Owner.PID, e.Owner.UID)
		}
	}
	return fmt.Errorf("a live provider has the endpoint, or seems to: stop it, or give --run-dir: %w", err)
}
