// SPDX-License-Identifier: Apache-2.0

//go:build !linux || !(amd64 || arm64)

package quarterdeck

import (
	"errors"
	"time"
)

// No memory that could be shared with an agent: Open fails, and a game with a nil Probe runs as it would without one.

type shared struct {
	fd    int
	bytes []byte
}

func newShared(int) (*shared, error) {
	return nil, errors.New("The probe for Go needs Linux on amd64 or arm64; elsewhere use the C probe over TCP.")
}
func (m *shared) free() {}

var errWouldWait = errors.New("would wait")

func connectTo(string) int                         { return -1 }
func closeSocket(int)                              {}
func sendSome(int, []byte, int) (int, error)       { return 0, errWouldWait }
func receiveSome(int, []byte) (int, error)         { return 0, errWouldWait }
func sleepOn(_ *uint32, _ uint32, d time.Duration) { time.Sleep(d) }
func monotonicBase() (int64, time.Time)            { return 0, time.Now() }
