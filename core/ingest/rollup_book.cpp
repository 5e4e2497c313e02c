// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/rollup_book.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "core/base/glob.h"

namespace qd::ingest {
namespace {

constexpr std::size_t kMostPlayers = 4096;  // of one process

const std::string* clientOf(const std::vector<std::pair<std::string, std::string>>& dimensions) {
  for (const auto& [key, value] : dimensions) {
    if (key == "client") return &value;
  }
  return nullptr;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string fieldText(const Fields& fields, const std::string& name) {
  for (const auto& [key, value] : fields) {
    if (key != name) continue;
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  }
  return {};
}

}  // namespace

void Digest::add(const RollupRow& row, TimeNs from) {
  if (row.count == 0) return;
  min = count == 0 ? row.min : std::min(min, row.min);
  max = count == 0 ? row.max : std::max(max, row.max);
  const auto before = static_cast<double>(count), more = static_cast<double>(row.count);
  mean = (mean * before + row.mean * more) / (before + more);
  count += row.count;
  if (from + kNsPerSecond >= end) last = row.last;
  end = std::max(end, from + kNsPerSecond);
  // An agent that makes no sketches: its p99 stands for the second, which is all that it told.
  if (row.sketch.empty() || !sketch.merge(row.sketch)) sketch.add(row.p99, row.count);
}

void Digest::merge(const Digest& other) {
  if (other.count == 0) return;
  min = count == 0 ? other.min : std::min(min, other.min);
  max = count == 0 ? other.max : std::max(max, other.max);
  const auto before = static_cast<double>(count), more = static_cast<double>(other.count);
  mean = (mean * before + other.mean * more) / (before + more);
  count += other.count;
  if (other.end >= end) last = other.last;
  end = std::max(end, other.end);
  sketch.merge(other.sketch);
}

double Digest::quantile(double q) const {
  if (count == 0) return std::numeric_limits<double>::quiet_NaN();
  return std::clamp(sketch.quantile(q), min, max);
}

bool selects(const Selector& selector, const ProcessId& process, const std::string& series,
             const std::vector<std::pair<std::string, std::string>>& dimensions) {
  const auto any = [](const std::vector<std::string>& globs, const std::string& text) {
    return globs.empty() || std::ranges::any_of(globs, [&](const auto& glob) { return globMatches(glob, text); });
  };
  return any(selector.processGlobs, process.value) && any(selector.seriesGlobs, series) &&
         std::ranges::all_of(selector.dimensions, [&](const auto& wanted) {
           return std::ranges::any_of(dimensions, [&](const auto& has) {
             return has.first == wanted.first && globMatches(wanted.second, has.second);
           });
         });
}

void RollupBook::on(const EnvelopePtr& envelope) {
  if (const auto* rollup = std::get_if<Rollup>(&envelope->event)) {
    take(*rollup);
  } else if (const auto* change = std::get_if<ProcessChange>(&envelope->event)) {
    learn(change->info);
  } else if (const auto* event = std::get_if<GameEvent>(&envelope->event)) {
    take(*event);
  }
}

void RollupBook::learn(const ProcessInfo& info) {
  const std::lock_guard lock(mutex_);
  Process& process = processes_[info.id];
  if (process.instance != info.instance) {
    process = Process();
    process.instance = info.instance;
    process.kept.resize(names_.size());
  }
  process.gone = info.state == ProcessState::Gone;
  for (const SeriesInfo& series : info.series) {
    Slot& slot = process.bySeries[series.index.value];
    slot.name = series.name;
    slot.dimensions = series.dimensions;
    const auto kept = std::ranges::find(names_, series.name);
    if (kept != names_.end() && series.dimensions.empty()) slot.kept = static_cast<int>(kept - names_.begin());
  }
}

void RollupBook::take(const Rollup& rollup) {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(rollup.process.id);
  if (found == processes_.end() || found->second.instance != rollup.process.instance) return;
  Process& process = found->second;
  process.newest = std::max(process.newest, rollup.from);
  for (const RollupRow& row : rollup.rows) {
    const auto known = process.bySeries.find(row.series.value);
    if (known == process.bySeries.end()) continue;
    Slot& slot = known->second;
    if (rollup.from >= slot.from) slot.count = row.count;
    slot.from = std::max(slot.from, rollup.from);
    if (slot.kept < 0) continue;
    Kept& kept = process.kept[static_cast<std::size_t>(slot.kept)];
    auto& seconds = kept.seconds;
    const bool inOrder = seconds.empty() || seconds.back().from < rollup.from;
    if (!inOrder) continue;  // a second that came twice
    seconds.push_back({rollup.from, row});
    if (seconds.size() > kSeconds) seconds.pop_front();
    kept.trend.add(rollup.from / kNsPerSecond, static_cast<float>(row.p99));
  }
}

void RollupBook::take(const GameEvent& event) {
  const bool joined = event.name == "player.joined";
  if (!joined && event.name != "player.left") return;
  const std::string client = fieldText(event.fields, "player");
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(event.process.id);
  if (client.empty() || found == processes_.end() || found->second.instance != event.process.instance) return;
  auto& players = found->second.players;
  if (!joined) {
    players.erase(client);
  } else if (players.size() < kMostPlayers) {
    players[client] = fieldText(event.fields, "name");
  }
}

std::optional<Digest> RollupBook::digest(const ProcessId& process, const std::string& name, TimeNs now,
                                         int seconds) const {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(process);
  const auto kept = std::ranges::find(names_, name);
  if (found == processes_.end() || kept == names_.end() || found->second.kept.empty()) return std::nullopt;
  Digest out;
  int taken = 0;
  const auto& all = found->second.kept[static_cast<std::size_t>(kept - names_.begin())].seconds;
  TimeNs newest = 0;
  for (auto one = all.rbegin(); one != all.rend() && taken < seconds; ++one) {
    if (one->from + kNsPerSecond > now) continue;
    if (newest == 0) newest = one->from;
    if (newest - one->from >= seconds * kNsPerSecond) break;
    out.add(one->row, one->from);
    ++taken;
  }
  if (taken == 0 || now - out.end > kFresh) return std::nullopt;
  return out;
}

void RollupBook::Trend::add(std::int64_t second, float p99) {
  const std::int64_t next = first + static_cast<std::int64_t>(p99s.size());
  if (p99s.empty() || second - next >= static_cast<std::int64_t>(kTrendSeconds)) {
    p99s.clear();
    first = second;
  } else {
    p99s.resize(p99s.size() + static_cast<std::size_t>(std::max<std::int64_t>(second - next, 0)),
                std::numeric_limits<float>::quiet_NaN());
  }
  p99s.push_back(p99);
  for (; p99s.size() > kTrendSeconds; ++first) p99s.pop_front();
}

float RollupBook::Trend::at(std::int64_t second) const {
  const bool known = second >= first && second - first < static_cast<std::int64_t>(p99s.size());
  return known ? p99s[static_cast<std::size_t>(second - first)] : std::numeric_limits<float>::quiet_NaN();
}

std::vector<float> RollupBook::p99s(const ProcessId& process, const std::string& name, TimeNs now, int seconds) const {
  std::vector<float> out(static_cast<std::size_t>(seconds), std::numeric_limits<float>::quiet_NaN());
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(process);
  const auto kept = std::ranges::find(names_, name);
  if (found == processes_.end() || kept == names_.end() || found->second.kept.empty()) return out;
  const Trend& trend = found->second.kept[static_cast<std::size_t>(kept - names_.begin())].trend;
  const std::int64_t end = now / kNsPerSecond;  // the second that is not whole yet
  for (int i = 0; i < seconds; ++i) out[static_cast<std::size_t>(i)] = trend.at(end - seconds + i);
  return out;
}

double RollupBook::pointsPerSecond(const std::vector<Selector>& selectors, TimeNs now) const {
  const bool everything = selectors.empty() || std::ranges::find(selectors, Selector{}) != selectors.end();
  const std::lock_guard lock(mutex_);
  std::uint64_t points = 0;
  for (const auto& [id, process] : processes_) {
    if (process.gone || process.newest + kFresh < now) continue;
    for (const auto& [index, slot] : process.bySeries) {
      if (slot.count == 0 || slot.from + 3 * kNsPerSecond < process.newest) continue;
      const auto wants = [&](const Selector& one) { return selects(one, id, slot.name, slot.dimensions); };
      if (everything || std::ranges::any_of(selectors, wants)) points += slot.count;
    }
  }
  return static_cast<double>(points);
}

std::vector<PlayerPlace> RollupBook::findPlayers(const std::string& text, std::size_t most) const {
  std::vector<PlayerPlace> out;
  const std::string wanted = lower(text);
  if (wanted.empty()) return out;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, process] : processes_) {
    if (process.gone) continue;
    std::map<std::string, std::string> here = process.players;
    for (const auto& [index, slot] : process.bySeries) {
      const std::string* client = clientOf(slot.dimensions);
      // Without roll-ups, as in a recording, whoever was declared may be meant.
      const bool isThere = process.newest == 0 || (slot.from != 0 && slot.from + kFresh >= process.newest);
      if (client != nullptr && isThere) here.try_emplace(*client);
    }
    for (const auto& [client, name] : here) {
      if (client != text && lower(name).find(wanted) == std::string::npos) continue;
      if (out.size() >= most) return out;
      out.push_back({id, client, name});
    }
  }
  return out;
}

}  // namespace qd::ingest
