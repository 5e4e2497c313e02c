// SPDX-License-Identifier: Apache-2.0
// What a recording holds, read back in forms that tests compare.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/recording/recording.h"

namespace qd::recording::testing {

inline std::unique_ptr<Recording> open(const std::string& path) {
  auto file = Recording::open(path);
  EXPECT_TRUE(file) << (file ? "" : file.error().message);
  return file ? std::move(*file) : nullptr;
}

// (process, label, tick, time, bits) of every sample, sorted.
using Sample = std::tuple<std::string, std::string, Tick, TimeNs, std::uint64_t>;
inline std::vector<Sample> samples(const std::string& path) {
  std::vector<Sample> out;
  const auto file = open(path);
  const auto series = file->series();
  for (const RecordedSeries& s : *series) {
    const auto damaged = file->read(s, true, [&](const SampleRun& run) {
      for (std::size_t i = 0; i < run.ticks.size(); ++i) {
        const std::uint64_t bits = run.integers ? static_cast<std::uint64_t>((*run.integers)[i])
                                                : std::bit_cast<std::uint64_t>((*run.doubles)[i]);
        out.emplace_back(s.process.value, s.label(), run.ticks[i], run.times[i], bits);
      }
    });
    EXPECT_TRUE(damaged && damaged->empty());
  }
  std::sort(out.begin(), out.end());
  return out;
}

template <class T>
std::vector<const T*> all(const std::vector<ingest::EnvelopePtr>& envelopes) {
  std::vector<const T*> out;
  for (const ingest::EnvelopePtr& e : envelopes) {
    if (const auto* event = std::get_if<T>(&e->event)) out.push_back(event);
  }
  return out;
}

}  // namespace qd::recording::testing
