// SPDX-License-Identifier: Apache-2.0

// A game server in Go with a probe, to be debugged by delve: ticks 60 times a second, and comes to encounter() at
// random, once in so many ticks. Arguments: ID ONCE_IN SEED. How often it came there and went past stands in the file of
// its name in the folder GAME_COUNTS.
package main

/*
#include <stdlib.h>
#include "agent/probe/qd.h"

static qd_probe* open_probe(const char* id, const char* environment, const char* health) {
  qd_config config = {0};
  qd_pair labels[3] = {{"environment", environment}, {"timeout.client", "10s"}, {"timeout.health", health}};
  char error[256];
  config.id = id;
  config.kind = QD_KIND_SERVER;
  config.tick_hz = 60;
  config.reconnect_ns = 100000000;
  config.labels = labels;
  config.label_count = 3;
  return qd_open(&config, error, sizeof error);
}
*/
import "C"

import (
	"math/rand"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

type counts struct{ came, passed uint64 }

func countsOf(id string) *counts {
	folder := os.Getenv("GAME_COUNTS")
	if folder == "" {
		return &counts{}
	}
	file, err := os.OpenFile(folder+"/"+id, os.O_RDWR|os.O_CREATE, 0600)
	if err != nil || file.Truncate(16) != nil {
		os.Exit(1)
	}
	there, err := syscall.Mmap(int(file.Fd()), 0, 16, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		os.Exit(1)
	}
	return (*counts)(unsafe.Pointer(&there[0]))
}

type world struct {
	tick       uint64
	encounters int64
	players    []string
}

//go:noinline
func encounter(w *world) {
	w.encounters++ // here the server is stopped
	if len(w.players) > 3 {
		w.players = w.players[:0]
	}
	w.players = append(w.players, "ana")
}

func main() {
	runtime.LockOSThread() // the thread that opens the probe is the game thread
	onceIn, _ := strconv.Atoi(os.Args[2])
	seed, _ := strconv.ParseInt(os.Args[3], 10, 64)
	environment := os.Getenv("GAME_ENVIRONMENT")
	probe := C.open_probe(C.CString(os.Args[1]), C.CString(environment), C.CString(os.Getenv("GAME_HEALTH")))
	if probe == nil {
		os.Exit(1)
	}
	random := rand.New(rand.NewSource(seed))
	w := &world{}
	count := countsOf(os.Args[1])
	for {
		w.tick++
		C.qd_tick_begin(probe, C.uint64_t(w.tick))
		if onceIn > 0 && random.Intn(onceIn) == 0 {
			atomic.AddUint64(&count.came, 1)
			encounter(w)
			atomic.AddUint64(&count.passed, 1)
		}
		C.qd_tick_end(probe)
		time.Sleep(time.Second / 60)
	}
}
