// SPDX-License-Identifier: Apache-2.0
#include "stage/sim/conditions.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>

namespace qd::stage {
namespace {

constexpr std::int64_t kSmallArena = 40 * kUmPerMetre;  // close quarters: everybody has somebody to shoot at

PathSettings pathOf(double rttMs, double jitterMs, double loss) {
  PathSettings path;
  path.each.latencyNs = std::llround(rttMs / 2 * kNsPerMs);
  path.each.jitterNs = std::llround(jitterMs * kNsPerMs);
  path.each.loss = loss;
  return path;
}

Condition special(const char* name, const std::function<void(Condition&)>& change, double jitterMs = 5) {
  Condition condition{name, 100, jitterMs, 0, pathOf(100, jitterMs, 0)};
  change(condition);
  return condition;
}

struct ColumnOfTable {
  const char* name;
  const char* title;
  std::function<std::string(CellResult&)> text;
};

std::string number(double value, const char* format) {
  return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : "";
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "" : fmt::format("{:.2f}", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string disagreed(CellResult& result, const char* cause) {
  const auto found = result.figures.disagreedBy.find(cause);
  return std::to_string(found == result.figures.disagreedBy.end() ? 0 : found->second);
}

const std::vector<ColumnOfTable>& columns() {
  using R = CellResult;
  static const std::vector<ColumnOfTable> kAll = {
      {"condition", "condition", [](R& r) { return r.condition.name; }},
      {"interp_error_p50_mm", "interp.error p50 mm",
       [](R& r) { return number(1e3 * r.figures.interpError.quantile(0.5), "{:.2f}"); }},
      {"interp_error_p95_mm", "p95", [](R& r) { return number(1e3 * r.figures.interpError.quantile(0.95), "{:.2f}"); }},
      {"interp_error_p99_mm", "p99", [](R& r) { return number(1e3 * r.figures.interpError.quantile(0.99), "{:.1f}"); }},
      {"interp_error_max_mm", "max", [](R& r) { return number(1e3 * r.figures.interpError.max(), "{:.0f}"); }},
      {"view_age_p50_ms", "view age p50 ms", [](R& r) { return number(r.figures.viewAge.quantile(0.5), "{:.0f}"); }},
      {"view_age_p99_ms", "p99", [](R& r) { return number(r.figures.viewAge.quantile(0.99), "{:.0f}"); }},
      {"extrapolated_percent", "extrap. %", [](R& r) { return share(r.figures.extrapolated, r.figures.frames); }},
      {"held_percent", "held %", [](R& r) { return share(r.figures.held, r.figures.frames); }},
      {"predict_error_p99_mm", "predict.error p99 mm",
       [](R& r) { return number(1e3 * r.figures.predictError.quantile(0.99), "{:.0f}"); }},
      {"predict_error_max_mm", "max", [](R& r) { return number(1e3 * r.figures.predictError.max(), "{:.0f}"); }},
      {"corrections_per_minute", "corrections /min",
       [](R& r) {
         return number(60 * static_cast<double>(r.figures.corrections) / r.figures.playerSeconds, "{:.1f}");
       }},
      {"replayed_p50_ticks", "replayed p50",
       [](R& r) { return number(r.figures.replayedTicks.quantile(0.5), "{:.0f}"); }},
      {"inputs_missing_percent", "inputs missing %",
       [](R& r) { return share(r.figures.inputsMissing, r.figures.playerTicks); }},
      {"input_latency_p50_ms", "input latency p50 ms",
       [](R& r) { return number(r.figures.inputLatency.quantile(0.5), "{:.0f}"); }},
      {"rewind_time_p50_ms", "rewind p50 ms",
       [](R& r) { return number(r.figures.rewindTime.quantile(0.5), "{:.0f}"); }},
      {"rewind_time_p99_ms", "p99", [](R& r) { return number(r.figures.rewindTime.quantile(0.99), "{:.0f}"); }},
      {"rewind_error_p50_mm", "rewind error p50 mm",
       [](R& r) { return number(1e3 * r.figures.rewindError.quantile(0.5), "{:.2f}"); }},
      {"rewind_error_p99_mm", "p99", [](R& r) { return number(1e3 * r.figures.rewindError.quantile(0.99), "{:.2f}"); }},
      {"shots", "shots", [](R& r) { return std::to_string(r.figures.agreement.shots); }},
      {"hit_agreement_percent", "hit agreement %",
       [](R& r) { return number(100 * r.figures.agreement.share(), "{:.2f}"); }},
      {"hit_agreement_low_percent", "95 % from",
       [](R& r) { return number(100 * r.figures.agreement.low(), "{:.2f}"); }},
      {"hit_agreement_high_percent", "to", [](R& r) { return number(100 * r.figures.agreement.high(), "{:.2f}"); }},
      {"false_rejects", "false rejects", [](R& r) { return std::to_string(r.figures.agreement.falseRejects); }},
      {"false_accepts", "false accepts", [](R& r) { return std::to_string(r.figures.agreement.falseAccepts); }},
      {"disagreed_shooter", "by shooter", [](R& r) { return disagreed(r, "shooter"); }},
      {"disagreed_bodies", "by bodies", [](R& r) { return disagreed(r, "bodies"); }},
      {"policy_rejects", "policy rejects", [](R& r) { return std::to_string(r.figures.agreement.policyRejects); }},
      {"checksum", "checksum", [](R& r) { return fmt::format("{:016x}", r.checksum); }},
  };
  return kAll;
}

}  // namespace

std::vector<Condition> gridConditions() {
  std::vector<Condition> all;
  for (const double rtt : {0, 50, 100, 200, 300}) {
    for (const double jitter : {0, 5, 20, 50}) {
      for (const double loss : {0.0, 0.01, 0.05, 0.10, 0.33}) {
        all.push_back({fmt::format("{:.0f} ms ± {:.0f} ms, {:.0f} %", rtt, jitter, 100 * loss), rtt, jitter, loss,
                       pathOf(rtt, jitter, loss)});
      }
    }
  }
  return all;
}

std::vector<Condition> specialConditions() {
  return {
      special("250 ms blackout every 5 s",
              [](Condition& c) {
                c.blackoutEveryNs = 5 * kNsPerSecond;
                c.blackoutNs = 250 * kNsPerMs;
              }),
      special("2 % duplicated", [](Condition& c) { c.path.each.duplicate = 0.02; }),
      special("5 % reordered by 50 ms", [](Condition& c) { c.path.each.reorder = 0.05; }),
      special("bursts of loss, 5 % in the mean",
              [](Condition& c) {
                c.path.each.burstEnter = 0.01;
                c.path.each.burstLeave = 0.15;
                c.path.each.burstLoss = 0.8;
              }),
      special(
          "80/20 down/up, claim", [](Condition& c) { c.path.downShare = 0.8; }, 0),
      special(
          "50/50, rtt_half", [](Condition& c) { c.lagcompMethod = 1; }, 0),
      special(
          "80/20 down/up, rtt_half",
          [](Condition& c) {
            c.path.downShare = 0.8;
            c.lagcompMethod = 1;
          },
          0),
      special(
          "80/20 down/up, rtt_half, clock from the stream",
          [](Condition& c) {
            c.path.downShare = 0.8;
            c.lagcompMethod = 1;
            c.exactClock = false;
          },
          0),
  };
}

CellResult runCell(const Condition& condition, const CellOptions& options) {
  SimulationOptions made;
  made.players = options.players;
  made.seed = options.seed;
  made.path = condition.path;
  made.arenaHalfUm = kSmallArena;
  made.npcDensity = 0.1;
  made.exactClock = condition.exactClock;
  made.habits = {.shotEverySeconds = 0.4, .spread = 350, .shootsNpcs = true};
  Simulation stage(made);
  stage.settings.maxRewindNs = options.maxRewindNs;
  stage.settings.lagcompMethod = condition.lagcompMethod;
  Measures measures(stage);
  stage.run(std::llround(options.settleSeconds * kNsPerSecond));
  measures.reset();
  const auto end = stage.now() + std::llround(options.seconds * kNsPerSecond);
  while (stage.now() < end) {
    const auto step = condition.blackoutEveryNs > 0 ? condition.blackoutEveryNs : end - stage.now();
    if (condition.blackoutEveryNs > 0) {
      auto dark = condition.path;
      dark.each.blackoutUntilNs = stage.now() + condition.blackoutNs;
      stage.impairAll(dark);
    }
    stage.run(std::min(step, end - stage.now()));
  }
  CellResult result{condition, measures.figures(), stage.checksum(), 0};
  for (const auto& player : stage.players()) result.reconnects += player.client->counters().reconnects;
  return result;
}

std::string tableHead(TableFormat format) {
  if (format == TableFormat::Jsonl) return "";
  std::string head, rule;
  for (const auto& column : columns()) {
    const bool first = head.empty();
    if (format == TableFormat::Csv) {
      head += (first ? "" : ",") + std::string(column.name);
    } else {
      head += (first ? "| " : " | ") + std::string(column.title);
      rule += first ? "| ---" : " | --:";
    }
  }
  return format == TableFormat::Csv ? head + "\n" : head + " |\n" + rule + " |\n";
}

std::string tableRow(CellResult& result, TableFormat format) {
  std::string row;
  for (const auto& column : columns()) {
    const auto text = column.text(result);
    const bool first = row.empty(), quoted = &column == &columns().front() || &column == &columns().back();
    if (format == TableFormat::Jsonl) {
      row += fmt::format("{}\"{}\":{}", first ? "{" : ",", column.name,
                         quoted         ? "\"" + text + "\""
                         : text.empty() ? "null"
                                        : text);
    } else if (format == TableFormat::Csv) {
      row += (first ? "" : ",") + (quoted ? "\"" + text + "\"" : text);
    } else {
      row += (first ? "| " : " | ") + text;
    }
  }
  return row + (format == TableFormat::Jsonl ? "}\n" : format == TableFormat::Csv ? "\n" : " |\n");
}

}  // namespace qd::stage
