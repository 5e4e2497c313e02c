// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/effect_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace qd::analysis {
namespace {

constexpr int kAllSamples = 1 << 20;  // pixels: more than a window holds

std::vector<TimedValue> valuesOf(const series::Store& store, const ProcessId& process, const std::string& name,
                                 TimeNs from, TimeNs to) {
  std::vector<TimedValue> out;
  const auto id = store.find(process, name);
  if (!id) return out;
  const auto range = store.query(*id, series::Axis::Time, from, to, kAllSamples);
  for (const auto& sample : range.samples) out.push_back({sample.time, sample.value});
  if (range.exact) return out;
  for (const auto& bucket : range.buckets) out.push_back({bucket.x0, bucket.mean});
  return out;
}

bool reached(const LedgerPush& push, const ProcessId& process) {
  return std::any_of(push.processes.begin(), push.processes.end(), [&](const auto& p) { return p.first == process; });
}

}  // namespace

std::vector<LedgerPush> ledgerPushes(const std::vector<ingest::PushResult>& results) {
  std::vector<LedgerPush> out;
  std::map<std::string, std::size_t> at;
  for (const auto& result : results) {
    if (result.status != ingest::PushStatus::Applied) continue;
    const std::string id = result.pushId.substr(0, result.pushId.find('.'));
    // The way back of a change is a push of its own.
    const bool back = result.pushId.find(".r") != std::string::npos;
    const auto [known, fresh] = at.try_emplace(back ? id + " (revert)" : id, out.size());
    if (fresh) out.push_back({known->first, result.who, result.comment, "", result.time, result.tick, {}, {}});
    LedgerPush& push = out[known->second];
    if (!reached(push, result.process.id)) push.processes.emplace_back(result.process.id, result.time);
    push.time = std::min(push.time, result.time);
    if (!push.parameters.empty()) continue;
    push.parameters = result.parameters;
    for (const auto& p : result.parameters) {
      push.what +=
          fmt::format("{}{} {} → {}", push.what.empty() ? "" : ", ", p.name, toText(p.oldValue), toText(p.newValue));
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  return out;
}

std::vector<LedgerRow> ledger(const series::Store& store, const std::vector<LedgerPush>& pushes,
                              const std::vector<ProcessId>& servers, const std::vector<std::string>& series,
                              const EffectOptions& options) {
  std::vector<LedgerRow> out;
  for (const LedgerPush& push : pushes) {
    const TimeNs from = push.time - options.window.ns, to = push.time + options.window.ns;
    std::vector<ProcessId> untouched;
    for (const ProcessId& server : servers) {
      const bool moved = std::any_of(pushes.begin(), pushes.end(), [&](const LedgerPush& other) {
        return other.time >= from && other.time <= to && reached(other, server);
      });
      if (!moved) untouched.push_back(server);
    }
    for (const std::string& name : series) {
      std::vector<Treated> treated;
      std::string unit;
      for (const auto& [process, time] : push.processes) {
        const auto id = store.find(process, name);
        if (!id) continue;
        if (const auto meta = store.meta(*id)) unit = meta->info.unit;
        treated.push_back({time, valuesOf(store, process, name, time - options.window.ns, time + options.window.ns)});
      }
      if (treated.empty()) continue;
      std::vector<std::vector<TimedValue>> controls;
      for (const ProcessId& server : untouched) {
        auto values = valuesOf(store, server, name, from, to + options.window.ns);
        if (!values.empty()) controls.push_back(std::move(values));
      }
      out.push_back({push, name, unit, effectOf(treated, controls, options)});
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const LedgerRow& a, const LedgerRow& b) {
    if (a.effect.real() != b.effect.real()) return a.effect.real();
    return a.effect.strength() > b.effect.strength();
  });
  return out;
}

}  // namespace qd::analysis
