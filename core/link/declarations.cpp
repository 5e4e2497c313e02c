// SPDX-License-Identifier: Apache-2.0
#include "core/link/declarations.h"

#include <algorithm>

#include "core/link/wire/convert.h"

namespace qd::link {
namespace {

constexpr std::size_t kMostInstances = 4096;

std::string fingerprintOf(const ingest::ProcessInfo& info) {
  pb::Process message;
  toProto(info, message);
  message.clear_tick();
  return message.SerializeAsString();
}

bool isInteger(const ingest::Column& column) {
  return std::holds_alternative<std::vector<std::int64_t>>(column.values);
}

}  // namespace

bool Declarations::learn(const ingest::ProcessInfo& info) {
  std::string fingerprint = fingerprintOf(info);
  const auto it = instances_.find(info.instance.value);
  if (it != instances_.end() && it->second.fingerprint == fingerprint) return false;
  if (it == instances_.end() && instances_.size() >= kMostInstances) return true;
  Known& known = instances_[info.instance.value];
  known.fingerprint = std::move(fingerprint);
  for (const ingest::SeriesInfo& series : info.series) known.integer[series.index.value] = series.integer;
  return true;
}

std::size_t Declarations::checkColumns(ingest::SampleBlock& block) const {
  const auto it = instances_.find(block.process.instance.value);
  if (it == instances_.end()) return 0;
  return std::erase_if(block.columns, [&](const ingest::Column& column) {
    const auto series = it->second.integer.find(column.series.value);
    return series == it->second.integer.end() || (column.size() > 0 && series->second != isInteger(column));
  });
}

}  // namespace qd::link
