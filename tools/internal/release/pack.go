package release

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// pack adds a module to a proxy on the file system: the folder dir of the last commit of a repository.
func pack(repo, dir string, v module.Version, proxy string) error {
	name, err := proxyFile(proxy, v, ".zip")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := errors.Join(zip.CreateFromVCS(f, v, repo, "HEAD", dir), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	gomod, err := os.ReadFile(filepath.Join(repo, dir, "go.mod"))
	if err != nil {
		return err
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{v.Version, time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	for suffix, b := range map[string][]byte{".mod": gomod, ".info": info} {
		name, err := proxyFile(proxy, v, suffix)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, b, 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(filepath.Dir(name), "list"), []byte(v.Version+"\n"), 0o666)
}
