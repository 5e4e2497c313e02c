// SPDX-License-Identifier: Apache-2.0
// A process that is debugged, as the kernel has it: what it does, who traces it, and what a debugger that ended without
// clearing up has left in it. Linux; the traps are those of x86-64. Nothing here is traced or stopped; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace qd::debug {

// The state of its main thread ('R', 'S', 't': traced and stopped, 'T': stopped by a signal, 'Z'); ' ': not known.
char stateOf(std::int64_t pid);
// Whether it has not ended; one that nobody has waited for yet has.
bool isThere(std::int64_t pid);
// Who traces its main thread; 0: nobody, or it is gone.
std::int64_t tracerOf(std::int64_t pid);
// Whether a SIGTRAP waits for one of its threads, or for whichever comes first.
bool isTrapPending(std::int64_t pid);
std::string nameOf(std::int64_t pid);  // of the program, for people; empty: not known
// All that this process has started, and what those have; orphans among them only where it is their subreaper.
std::vector<std::int64_t> descendants();

// Takes out the breakpoint instructions that are in its code and not in the files that the code was loaded from, so
// that it does not die by SIGTRAP when it comes to one; how many there were. Looks only at pages that differ from their
// file. 0 as well where its memory may not be written.
std::size_t removeLeftTraps(std::int64_t pid);

}  // namespace qd::debug
