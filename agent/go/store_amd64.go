// SPDX-License-Identifier: Apache-2.0

package quarterdeck

// The processor keeps stores in order, so that a plain one is enough for the reader to see what was written before;
// sync/atomic would lock the bus for each sample. In assembly, where the compiler does not move it. `ahead` is an
// address that is to be written soon: its cache line is asked for (an address that is none does no harm).
//
//go:noescape
func publish(to *uint64, head uint64, ahead uintptr)
