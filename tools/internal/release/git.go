package release

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// ForgetGit removes from the environment of this process what makes git work on another repository than the one
// in its folder, as it is in a hook. Programs call it before Verify.
func ForgetGit() {
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "GIT_") && !strings.HasPrefix(name, "GIT_CONFIG_") {
			os.Unsetenv(name)
		}
	}
}

// git runs git in dir, with the user's configuration: what he ignores everywhere is ignored.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return runGit(ctx, dir, os.Environ(), append([]string{"-c", "safe.directory=" + dir}, args...))
}

// ownGit runs git in a repository of ours, with no configuration.
func ownGit(ctx context.Context, dir string, args ...string) ([]byte, error) {
	const name, mail = "release verify", "verify@localhost"
	env := append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME="+name, "GIT_AUTHOR_EMAIL="+mail, "GIT_COMMITTER_NAME="+name, "GIT_COMMITTER_EMAIL="+mail)
	return runGit(ctx, dir, env, args)
}

func runGit(ctx context.Context, dir string, env, args []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = append(env, "LC_ALL=C")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("git %s in %s: %w\n%s", strings.Join(args, " "), dir, err, errs.Bytes())
	}
	return out.Bytes(), nil
}

// commitAll makes everything in the folder one more commit, also what a file of it says is ignored: nothing that
// is ignored has been copied there.
func commitAll(ctx context.Context, dir, message string) error {
	if _, err := ownGit(ctx, dir, "add", "--all", "--force"); err != nil {
		return err
	}
	_, err := ownGit(ctx, dir, "commit", "--quiet", "--allow-empty", "--message", message)
	return err
}
