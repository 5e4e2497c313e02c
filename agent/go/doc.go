// SPDX-License-Identifier: Apache-2.0

// Package quarterdeck is the probe for games written in Go: it lets an agent (quarterdeckd) watch, steer and stop the
// process. It speaks the wire of agent/probe/wire.h in plain Go, without cgo: a sample is a store of 16 bytes into a
// ring in memory that is shared with the agent, and nothing here ever waits for the agent or allocates for a sample.
//
//	probe, err := quarterdeck.Open(quarterdeck.Config{ID: "lobby-1", Kind: quarterdeck.Server, TickHz: 60})
//	busy := probe.I64Series("tick.duration", "ms", 6) // raw nanoseconds, shown in ms
//	for tick := uint64(1); ; tick++ {
//		start := probe.TickBegin(tick)
//		step()
//		probe.Game().I64(busy, quarterdeck.Now()-start)
//		accumulator -= probe.TickEnd() // a tick-safe stop parks here
//	}
//
// Every method accepts a nil Probe and then does nothing, so a game runs on when Open failed.
//
// Goroutines: one goroutine at a time calls TickBegin, TickEnd, FrameBegin, FrameEnd and uses Game(); everything else
// may be called by any. A Ring belongs to one goroutine at a time; Sample, Event and Log take a lock and may be called
// by all. Callbacks (Check, Apply, Run, OnPark) run on the goroutine of TickBegin or TickEnd, with no lock held.
//
// It needs Linux (memfd); elsewhere Open says so and the program runs without.
package quarterdeck
