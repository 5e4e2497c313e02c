// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"bytes"
	"io"
	"sync"
)

// LogWriter is an io.Writer that makes a log line of each line written, for log.SetOutput and the like:
//
//	log.SetFlags(0)
//	log.SetOutput(quarterdeck.LogWriter(probe, quarterdeck.Info, "game", os.Stderr))
//
// What it gets is passed on to `also` as it came (nil: nowhere). Any goroutine. A line is cut at 4,096 bytes.
func LogWriter(p *Probe, level Level, category string, also io.Writer) io.Writer {
	return &logWriter{p: p, level: level, category: category, also: also}
}

type logWriter struct {
	p        *Probe
	level    Level
	category string
	also     io.Writer
	mu       sync.Mutex
	rest     []byte // a line that has not ended yet
}

func (w *logWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for left := b; len(left) > 0; {
		end := bytes.IndexByte(left, '\n')
		if end < 0 {
			if len(w.rest) < maxString {
				w.rest = append(w.rest, left[:min(len(left), maxString-len(w.rest))]...)
			}
			break
		}
		line := append(w.rest, left[:end]...)
		w.p.Log(w.level, w.category, string(line))
		w.rest, left = w.rest[:0], left[end+1:]
	}
	if w.also == nil {
		return len(b), nil
	}
	return w.also.Write(b)
}
