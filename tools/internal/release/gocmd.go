package release

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// settings are those of the user's go command.
type settings struct {
	GOROOT, GOCACHE, GOMODCACHE, GOPROXY string
}

// userSettings asks for them at the root of the workspace, whose go.work may choose the version of Go.
func userSettings(ctx context.Context, root string) (s settings, err error) {
	out, err := runGo(ctx, "go", root, os.Environ(), []string{"env", "-json", "GOROOT", "GOCACHE", "GOMODCACHE", "GOPROXY"})
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		return s, fmt.Errorf("go env: %w", err)
	}
	return s, nil
}

// userGo runs the go command as the user has set it up, but in no workspace.
func userGo(ctx context.Context, dir string, args ...string) (string, error) {
	return runGo(ctx, "go", dir, append(os.Environ(), "GOWORK=off", "GOFLAGS="), args)
}

// goCommand is the go command of a stranger: nothing of what this user has set or downloaded decides, but for the
// compiler's cache, which goes by content.
type goCommand struct {
	program string
	env     []string
}

// strangersGo returns a go command that gets modules from the given proxies, and has its home in a folder.
func strangersGo(s settings, home string, proxies ...string) (*goCommand, error) {
	var urls []string
	for _, dir := range proxies {
		urls = append(urls, fileURL(dir))
	}
	g := &goCommand{program: filepath.Join(s.GOROOT, "bin", "go"), env: []string{
		"HOME=" + filepath.Join(home, "home"),
		"GOPATH=" + filepath.Join(home, "go"),
		"GOBIN=" + filepath.Join(home, "bin"),
		"GOMODCACHE=" + filepath.Join(home, "mod"), // new: another run's modules have the same versions
		"GOCACHE=" + s.GOCACHE,
		"GOPROXY=" + strings.Join(urls, ","),
		"GOENV=off", "GOWORK=off", "GOSUMDB=off", "GOTOOLCHAIN=local", "GOVCS=*:off", "CGO_ENABLED=0",
		"GOFLAGS=-modcacherw -buildvcs=false",
		"LC_ALL=C",
	}}
	for _, name := range []string{"PATH", "TMPDIR", "TMP", "TEMP", "SystemRoot", "ComSpec", "PATHEXT", "USER", "USERNAME"} {
		if value, ok := os.LookupEnv(name); ok {
			g.env = append(g.env, name+"="+value)
		}
	}
	if runtime.GOOS == "windows" {
		g.env = append(g.env, "USERPROFILE="+filepath.Join(home, "home"), "LocalAppData="+filepath.Join(home, "home"))
	}
	return g, os.MkdirAll(filepath.Join(home, "home"), 0o777)
}

// with returns the same command with more in its environment.
func (g *goCommand) with(env ...string) *goCommand {
	return &goCommand{g.program, append(append([]string{}, g.env...), env...)}
}

func (g *goCommand) run(ctx context.Context, dir string, args ...string) (string, error) {
	return runGo(ctx, g.program, dir, g.env, args)
}

// exec runs a program in the same environment.
func (g *goCommand) exec(ctx context.Context, dir, program string, args ...string) (string, error) {
	return run(ctx, program, filepath.Base(program), dir, g.env, args)
}

func runGo(ctx context.Context, program, dir string, env, args []string) (string, error) {
	out, err := run(ctx, program, "go", dir, append(env[:len(env):len(env)], "PWD="+dir), args)
	if errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("%w: Go has to be installed, and in PATH: https://go.dev/dl", err)
	}
	return out, err
}

// run returns the standard output, also of a program that fails; the error has what it said on the other one.
func run(ctx context.Context, program, name, dir string, env, args []string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = waitForGo
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		if few := 8; len(args) > few {
			args = append(args[:few:few], fmt.Sprintf("and %d more", len(args)-few))
		}
		err = fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, errs.Bytes())
	}
	return out.String(), err
}

// fileURL makes a folder one of GOPROXY.
func fileURL(dir string) string {
	dir = filepath.ToSlash(dir)
	if !strings.HasPrefix(dir, "/") {
		dir = "/" + dir // C:/x
	}
	return "file://" + dir
}
