package hostcgroups

import "path/filepath"

func (c Config) withDefaults() Config {
	if c.Root == "" {
		c.Root = "/"
	}
	c.Root = filepath.Clean(c.Root)
	if c.MountInfo == "" {
		c.MountInfo = c.under("/proc/self/mountinfo")
	}
	if c.MaxCgroups <= 0 {
		c.MaxCgroups = 1 << 20
	}
	return c
}

// under returns where path of the host is to be opened. An absolute path cannot leave Root but by a symbolic link.
func (c Config) under(path string) string {
	if c.Root == "/" {
		return path
	}
	return c.Root + path
}
