// SPDX-License-Identifier: Apache-2.0

//go:build go1.21

package quarterdeck

// Not compiled or run where this was built (Go 1.19): report it when it does not do what it says.

import (
	"context"
	"log/slog"
	"strings"
)

// SlogHandler makes log lines of slog's records: the message, then its attributes as key=value.
func SlogHandler(p *Probe, category string, least slog.Leveler) slog.Handler {
	return &slogHandler{p: p, category: category, least: least}
}

type slogHandler struct {
	p             *Probe
	category      string
	least         slog.Leveler
	group, before string
}

func (h *slogHandler) Enabled(_ context.Context, level slog.Level) bool {
	return h.least == nil || level >= h.least.Level()
}

func (h *slogHandler) Handle(_ context.Context, r slog.Record) error {
	var text strings.Builder
	text.WriteString(r.Message)
	text.WriteString(h.before)
	r.Attrs(func(a slog.Attr) bool {
		text.WriteString(attribute(h.group, a))
		return true
	})
	h.p.Log(levelOf(r.Level), h.category, text.String())
	return nil
}

func attribute(group string, a slog.Attr) string { return " " + group + a.Key + "=" + a.Value.String() }

func levelOf(level slog.Level) Level {
	switch {
	case level < slog.LevelDebug:
		return Trace
	case level < slog.LevelInfo:
		return Debug
	case level < slog.LevelWarn:
		return Info
	case level < slog.LevelError:
		return Warning
	default:
		return Error
	}
}

func (h *slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	made := *h
	for _, a := range attrs {
		made.before += attribute(h.group, a)
	}
	return &made
}

func (h *slogHandler) WithGroup(name string) slog.Handler {
	made := *h
	if name != "" {
		made.group += name + "."
	}
	return &made
}
