package probe

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/plugin-ipc/netipc/bench"
	"github.com/plugin-ipc/netipc/bench/place"
	"github.com/plugin-ipc/netipc/bench/side"
)

//go:embed c/seqpacket.c
var seqpacketSource []byte

// seqpacketC is seqpacket-blocking without Go: what the runtime costs is the difference. The program is compiled
// before the first round and runs both processes itself: at that many round trips a second, or at 0 as fast as it
// goes.
func seqpacketC(c bench.Case, where place.Placement, perSecond int) bench.Case {
	var program string
	c.Prepare = func(ctx context.Context) (func(), error) {
		dir, err := os.MkdirTemp("", "netipc-bench-")
		if err != nil {
			return nil, err
		}
		cleanup := func() { _ = os.RemoveAll(dir) }
		if program, err = compile(ctx, dir); err != nil {
			cleanup()
			return nil, err
		}
		return cleanup, nil
	}
	c.Run = func(ctx context.Context, d time.Duration) (bench.Sample, error) {
		here, there, err := where.CPUs()
		if err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, program, strconv.Itoa(packet), strconv.FormatInt(d.Nanoseconds(), 10),
			strconv.Itoa(here), strconv.Itoa(there), strconv.Itoa(perSecond), strconv.Itoa(side.PacedFactor))
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // killed together with its child
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		out, err := cmd.Output()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", SeqpacketC, err), ctx.Err())
		}
		if perSecond > 0 {
			s := bench.Sample{
				{Name: side.P50, Unit: "ns"}, {Name: side.P95, Unit: "ns"}, {Name: side.P99, Unit: "ns"},
				{Name: side.P999, Unit: "ns"}, {Name: side.CPU, Unit: "ns"}, {Name: side.Rate, Unit: "1/s"},
			}
			if _, err := fmt.Sscan(string(out), &s[0].Value, &s[1].Value, &s[2].Value, &s[3].Value, &s[4].Value, &s[5].Value); err != nil {
				return nil, fmt.Errorf("%s printed %q: %w", SeqpacketC, out, err)
			}
			return s, nil
		}
		var trips, took int64
		if _, err := fmt.Sscan(string(out), &trips, &took); err != nil {
			return nil, fmt.Errorf("%s printed %q: %w", SeqpacketC, out, err)
		}
		return side.PerTrip(RoundTrip, int(trips), time.Duration(took)), nil
	}
	return c
}

// compile builds the C program in dir with whatever compiler there is.
func compile(ctx context.Context, dir string) (program string, err error) {
	source := filepath.Join(dir, "seqpacket.c")
	if err := os.WriteFile(source, seqpacketSource, 0o600); err != nil {
		return "", err
	}
	names := []string{"cc", "gcc", "clang"}
	for _, name := range names {
		compiler, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		program = filepath.Join(dir, "seqpacket")
		out, err := exec.CommandContext(ctx, compiler, "-O2", "-o", program, source).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("%s: %w\n%s", compiler, err, out)
		}
		return program, nil
	}
	return "", bench.Skip("no C compiler: none of " + strings.Join(names, ", "))
}
