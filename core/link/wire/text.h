// SPDX-License-Identifier: Apache-2.0
// Text that came out of a game, made safe to show, keep and send: invalid UTF-8 and control characters become U+FFFD
// (tab and, in prose, newline stay), so do the characters that reorder what follows them; longer text than the cap is
// cut at a character. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace qd::link {

inline constexpr std::size_t kNameCap = 256;
inline constexpr std::size_t kProseCap = 4096;
inline constexpr std::size_t kLogCap = 16384;

enum class TextKind { Line, Prose };  // Prose keeps newlines

std::string sanitise(std::string_view raw, std::size_t cap = kNameCap, TextKind kind = TextKind::Line);

// A process id as the contract allows it, or as a console has qualified it (server-1@host:port).
bool isProcessId(std::string_view id);

}  // namespace qd::link
