package cli

import (
	"log/slog"
)

var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"text", "json"}
)

// logger returns a logger to standard error.
func (a *app) logger(level, format string) (*slog.Logger, error) {
	if err := oneOf("log-level", level, logLevels); err != nil {
		return nil, err
	}
	if err := oneOf("log-format", format, logFormats); err != nil {
		return nil, err
	}
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, err
	}
	opts := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(a.err, opts)), nil
	}
	return slog.New(slog.NewTextHandler(a.err, opts)), nil
}
