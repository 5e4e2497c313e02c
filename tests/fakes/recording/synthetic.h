// SPDX-License-Identifier: Apache-2.0
// Events made up for tests: one of every kind with every field set, nasty numbers, a busy little game, a scratch
// folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"

namespace qd::recording::testing {

class Scratch {
 public:
  Scratch();
  ~Scratch();
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::vector<double> nastyDoubles();
std::vector<std::int64_t> nastyInts();

ingest::EnvelopePtr envelope(ingest::Event event, std::uint64_t sequence = 0, const std::string& agent = "agent-1");
ingest::ProcessInfo server(const std::string& id = "server-1", std::uint64_t instance = 0xfedcba9876543210);
// One tick-block of `rows` rows from tick `tick` on: series 0 integer in every row, 1 double in every row, 2 integer in
// every third row.
ingest::SampleBlock block(Tick tick, std::size_t rows, std::uint64_t sequence, const ingest::ProcessInfo& of);
ingest::EntityFrame entities(Tick tick, std::size_t n, const ingest::ProcessInfo& of);

// One or more of every kind of event, with every field set.
std::vector<ingest::EnvelopePtr> everyKind();
// A process that runs for `blocks` blocks of 64 ticks, with frames and log lines.
std::vector<ingest::EnvelopePtr> game(std::size_t blocks, const std::string& id = "server-1");

struct Collect final : ingest::EventSink {
  std::vector<ingest::EnvelopePtr> all;
  void on(const ingest::EnvelopePtr& e) override { all.push_back(e); }
};

// Records them, closes, and gives the path.
std::string record(const Scratch& scratch, const std::string& name, const std::vector<ingest::EnvelopePtr>& all);
std::vector<ingest::EnvelopePtr> replay(const std::string& path);

}  // namespace qd::recording::testing
