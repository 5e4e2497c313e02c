// SPDX-License-Identifier: Apache-2.0
// The rare events ⇄ the JSON text of the table `events`, lossless: doubles keep their bits ({"bits": hex} where JSON
// has no number for them), text that is not UTF-8 becomes {"hex": …}. Sample blocks, frames and roll-ups are not rare
// and have codecs of their own. Reading is for hostile input (Corrupt); unknown keys are ignored, missing ones keep
// their default. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::recording {

// "process", "log", …; also of the kinds without JSON ("samples", "entities", "frames", "rollups").
std::string_view kindOf(const ingest::Event& event);

std::string toJson(const ingest::Event& event);
Result<ingest::Event> fromJson(std::string_view kind, std::string_view text);

// What a process declares, without what changes while it runs (state, tick, rate): stored once, however often it
// changes state.
std::string declarationJson(const ingest::ProcessInfo& info);
Result<ingest::ProcessInfo> declarationFromJson(std::string_view text);

// The rest of a process event, with the id of its declaration.
std::string processJson(const ingest::ProcessChange& change, std::int64_t declaration);
struct ProcessRow {
  std::int64_t declaration = 0;
  ingest::ProcessChange change;  // info holds only what changes
};
Result<ProcessRow> processFromJson(std::string_view text);

std::string dimensionsJson(const ingest::SeriesInfo& info);
std::vector<std::pair<std::string, std::string>> dimensionsFromJson(std::string_view text);  // empty: unreadable

}  // namespace qd::recording
