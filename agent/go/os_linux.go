// SPDX-License-Identifier: Apache-2.0

//go:build linux && (amd64 || arm64)

package quarterdeck

import (
	"errors"
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// What the probe asks of Linux: a sealed memory that can be passed on, a socket that never waits, a futex.

const (
	mfdCloexec = 1
	mfdSealing = 2
	fAddSeals  = 1033
	sealAll    = 1 | 2 | 4 // seal, shrink, grow
	futexWait  = 0
)

type shared struct {
	fd    int
	bytes []byte
}

func newShared(size int) (*shared, error) {
	name, _ := syscall.BytePtrFromString("quarterdeck-lane")
	fd, _, errno := syscall.Syscall(memfdNumber, uintptr(unsafe.Pointer(name)), mfdCloexec|mfdSealing, 0)
	if errno != 0 {
		return nil, fmt.Errorf("The sample lane could not be created (memfd): %w.", errno)
	}
	m := &shared{fd: int(fd)}
	if err := syscall.Ftruncate(m.fd, int64(size)); err != nil {
		m.free()
		return nil, fmt.Errorf("The sample lane could not be made large enough: %w.", err)
	}
	if _, _, errno = syscall.Syscall(syscall.SYS_FCNTL, fd, fAddSeals, sealAll); errno != 0 {
		m.free()
		return nil, fmt.Errorf("The sample lane could not be sealed: %w.", errno)
	}
	var err error
	m.bytes, err = syscall.Mmap(m.fd, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_POPULATE)
	if err != nil {
		m.free()
		return nil, fmt.Errorf("The sample lane could not be mapped: %w.", err)
	}
	return m, nil
}

func (m *shared) free() {
	if m.bytes != nil {
		_ = syscall.Munmap(m.bytes)
	}
	_ = syscall.Close(m.fd)
}

var errWouldWait = errors.New("would wait")

// Connects without waiting; -1 when nobody listens there.
func connectTo(path string) int {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	if err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		_ = syscall.Close(fd)
		return -1
	}
	return fd
}

func closeSocket(fd int) { _ = syscall.Close(fd) }

// Sends what the socket takes at once; a descriptor rides on the first byte.
func sendSome(fd int, data []byte, descriptor int) (int, error) {
	var rights []byte
	if descriptor >= 0 {
		rights = syscall.UnixRights(descriptor)
	}
	n, err := syscall.SendmsgN(fd, data, rights, nil, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
	return n, later(err)
}

func receiveSome(fd int, to []byte) (int, error) {
	n, _, err := syscall.Recvfrom(fd, to, syscall.MSG_DONTWAIT)
	return n, later(err)
}

func later(err error) error {
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return errWouldWait
	}
	return err
}

// Sleeps until the word is not `seen`, somebody woke it, or the time is over. Takes a thread for as long.
func sleepOn(word *uint32, seen uint32, most time.Duration) {
	t := syscall.NsecToTimespec(int64(most))
	_, _, _ = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(seen),
		uintptr(unsafe.Pointer(&t)), 0, 0)
}

// CLOCK_MONOTONIC at one moment; time.Since goes on from it without a system call.
func monotonicBase() (int64, time.Time) {
	var t syscall.Timespec
	_, _, _ = syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano(), time.Now()
}
