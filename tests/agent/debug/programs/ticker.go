// SPDX-License-Identifier: Apache-2.0
// A game loop in Go to be stopped by a debugger: counts ticks into the file named by its argument, so that a test sees
// from outside whether it runs.
package main

import (
	"encoding/binary"
	"os"
	"time"
)

type world struct {
	tick   int64
	health float64
}

func step(w *world) int64 {
	w.tick++
	w.health += 0.5 // line 19: the tests' breakpoint
	return w.tick
}

// The test asks for it by a byte in the file; nobody recovers.
func maybePanic(file *os.File) {
	wanted := []byte{0}
	if _, err := file.ReadAt(wanted, 16); err == nil && wanted[0] != 0 {
		panic("the test wanted it")
	}
}

func main() {
	out, err := os.OpenFile(os.Args[1], os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		panic(err)
	}
	w := &world{}
	buffer := make([]byte, 8)
	for {
		maybePanic(out)
		binary.LittleEndian.PutUint64(buffer, uint64(step(w)))
		if _, err := out.WriteAt(buffer, 0); err != nil {
			panic(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
