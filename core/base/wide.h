// SPDX-License-Identifier: Apache-2.0
// QD_WIDE in front of a function makes the compiler write it once for plain x86-64 and once more for processors with
// wider vectors; which one runs is chosen when the program starts. For short loops that a profile named: what it calls
// is only widened with it where that is inlined. Compile the file with -O3 (cmake/rooms/core.cmake). Elsewhere, and
// under sanitizers (which are not up yet when the choice is made), it is nothing. Not for sums of doubles that are told
// in bits: wider processors fuse them.
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define QD_WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define QD_WIDE
#endif
