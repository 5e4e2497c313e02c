// SPDX-License-Identifier: Apache-2.0
// qdctl why: which layer went wrong first around a moment of a recording.
#include <fmt/format.h>

#include <charconv>

#include "app/cli/cli.h"
#include "app/cli/files.h"
#include "core/analysis/player_moment.h"
#include "core/analysis/stutter_gather.h"
#include "core/ingest/directory.h"
#include "core/ingest/event_log.h"
#include "core/netcode/divergence.h"
#include "core/netcode/interp_join.h"
#include "core/netcode/world_history.h"
#include "core/recording/recording.h"
#include "core/recording/replay_source.h"
#include "core/series/store.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path, at, process;
  std::uint32_t player = 0;  // 0: nobody in particular
  Duration window{250 * kNsPerMs};
};

// The whole recording as a console would have it.
struct Loaded {
  series::Store store{std::size_t{2} << 30};
  ingest::Directory directory;
  ingest::EventLog log;
  netcode::WorldHistory world;
  ingest::FanOut fan;
  netcode::InterpJoin join{fan};
  std::size_t damaged = 0;

  Loaded() {
    for (ingest::EventSink* sink : std::initializer_list<ingest::EventSink*>{&directory, &store, &log, &world, &join})
      fan.add(*sink);
  }
};

// A tick, a UTC time of day of the recording's last day, ns since the epoch, or +12.5s after its beginning.
Result<analysis::StutterQuestion> ask(const Options& options, const series::StoreTotals& totals) {
  constexpr std::int64_t kLeastNs = 1'000'000'000'000'000;  // less is a tick
  constexpr TimeNs kDay = 86'400 * kNsPerSecond;
  analysis::StutterQuestion question;
  question.client = ProcessId(options.process);
  question.reach = options.window.ns;
  std::string text = options.at;
  if (!text.empty() && (text.back() == 'Z' || text.back() == 'z')) text.pop_back();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0) {
    if (number < kLeastNs) {
      question.tick = number;
    } else {
      question.time = number;
    }
    return question;
  }
  if (!text.empty() && text.front() == '+') {
    if (const auto step = parseDuration(text.substr(1))) {
      question.time = totals.firstTime + step->ns;
      return question;
    }
  }
  int hours = 0, minutes = 0, used = 0;
  double seconds = 0;
  if (std::sscanf(text.c_str(), "%2d:%2d:%lf%n", &hours, &minutes, &seconds, &used) == 3 &&
      used == static_cast<int>(text.size()) && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 &&
      seconds >= 0 && seconds < 60) {
    const TimeNs midnight = totals.lastTime - totals.lastTime % kDay;
    const TimeNs time = midnight + (hours * 3600 + minutes * 60) * kNsPerSecond + static_cast<TimeNs>(seconds * 1e9);
    question.time = time <= totals.lastTime ? time : time - kDay;
    return question;
  }
  return fail(
      ErrorCode::InvalidArgument,
      fmt::format("--at {} is neither a tick (1204), a UTC time (14:02:11.25), ns since 1970 nor a time from the "
                  "beginning (+12.5s).",
                  options.at));
}

Json toJson(const analysis::Evidence& e) {
  const auto number = [](std::optional<double> v) { return v && std::isfinite(*v) ? Json(*v) : Json(nullptr); };
  return {{"process", e.process.value}, {"series", e.series},       {"unit", e.unit}, {"value", number(e.value)},
          {"limit", number(e.limit)},   {"usual", number(e.usual)}, {"tick", e.tick}, {"time", e.time},
          {"wrong", e.wrong},           {"context", e.isContext}};
}

Json toJson(const analysis::StutterReport& report, const std::vector<netcode::Divergence>& diverged) {
  Json layers = Json::array(), predictions = Json::array();
  for (const analysis::LayerFinding& layer : report.layers) {
    Json evidence = Json::array();
    for (const analysis::Evidence& e : layer.evidence) evidence.push_back(toJson(e));
    layers.push_back({{"layer", keyOf(layer.layer)},
                      {"verdict", keyOf(layer.verdict)},
                      {"minor", layer.minor},
                      {"tick", layer.tick ? Json(*layer.tick) : Json(nullptr)},
                      {"late_ms", layer.lateMs},
                      {"says", layer.says},
                      {"evidence", evidence}});
  }
  for (const netcode::Divergence& d : diverged) {
    predictions.push_back({{"client", d.client.value},
                           {"player", d.player},
                           {"tick", d.tick},
                           {"field", d.field},
                           {"located", d.located},
                           {"confirmed_tick", d.confirmed},
                           {"error_m", d.errorM},
                           {"replayed", d.replayed},
                           {"says", describe(d)}});
  }
  return {{"client", report.client.value},
          {"server", report.server.value},
          {"tick", report.moment},
          {"time", report.time},
          {"window", {{"from", report.from}, {"to", report.to}}},
          {"first", report.first ? Json(keyOf(*report.first)) : Json(nullptr)},
          {"headline", report.headline},
          {"notes", report.notes},
          {"layers", layers},
          {"mispredictions", predictions}};
}

Json toJson(const analysis::PlayerMoment& player) {
  const auto number = [](std::optional<double> v) { return v && std::isfinite(*v) ? Json(*v) : Json(nullptr); };
  Json figures = Json::array();
  for (const analysis::PlayerFigure& f : player.figures)
    figures.push_back({{"series", f.series},
                       {"unit", f.unit},
                       {"value", number(f.value)},
                       {"usual", number(f.usual)},
                       {"others", number(f.others)},
                       {"wrong", f.wrong},
                       {"shared", f.shared}});
  return {{"player", player.player}, {"says", player.says}, {"figures", figures}};
}

std::string cell(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "—";
}

void printText(const analysis::StutterReport& report, const std::vector<netcode::Divergence>& diverged) {
  print(fmt::format("{} of {}, tick {:.1f} at {}\n{}\n\n", report.client.value, report.server.value, report.moment,
                    utcText(report.time), report.headline));
  std::vector<std::vector<std::string>> rows{{"layer", "verdict", "tick", "figure", "value", "usual", "limit", "unit"}};
  for (const analysis::LayerFinding& layer : report.layers) {
    const bool first = report.first == layer.layer;
    std::string verdict = layer.verdict == analysis::Verdict::NoData ? "no data" : keyOf(layer.verdict);
    verdict += first ? ", first" : layer.minor ? ", minor" : "";
    if (layer.evidence.empty()) rows.push_back({nameOf(layer.layer), verdict});
    for (std::size_t i = 0; i < layer.evidence.size(); ++i) {
      const analysis::Evidence& e = layer.evidence[i];
      rows.push_back({i == 0 ? nameOf(layer.layer) : "", i == 0 ? verdict : "",
                      fmt::format("{:.1f}", e.wrong ? e.firstTick : e.tick), e.process.value + " " + e.series,
                      cell(e.value), cell(e.usual), cell(e.limit), e.unit});
    }
  }
  print(table(rows));
  for (const std::string& note : report.notes) print(note + "\n");
  for (const netcode::Divergence& d : diverged) print(describe(d) + "\n");
}

std::vector<netcode::Divergence> mispredictions(const Loaded& loaded, const analysis::StutterReport& report,
                                                TimeNs reach) {
  ingest::MomentFilter filter;
  filter.kinds = {ingest::MomentKind::Game};
  filter.processes = {report.client};
  filter.gamePrefix = "predict.diverged";
  std::vector<netcode::Divergence> out;
  const auto frames = [&](Tick tick) { return loaded.world.frameAtTick(report.server, tick); };
  for (const auto& moment : loaded.log.query(report.time - reach, report.time + reach, filter, 20)) {
    const auto* event = moment.envelope ? std::get_if<ingest::GameEvent>(&moment.envelope->event) : nullptr;
    if (event == nullptr) continue;
    if (auto divergence = netcode::divergenceOf(*event, frames)) out.push_back(std::move(*divergence));
  }
  return out;
}

Result<int> run(const Options& options, const Globals& globals) {
  const auto file = recording::Recording::open(options.path);
  if (!file) return std::unexpected(file.error());
  Loaded loaded;
  const auto read = recording::ReplaySource(**file).run(loaded.fan);
  if (!read) return std::unexpected(read.error());
  const auto question = ask(options, loaded.store.totals());
  if (!question) return std::unexpected(question.error());
  const auto gathered = analysis::gatherStutter(loaded.store, loaded.directory, loaded.log, *question);
  if (!gathered) return std::unexpected(gathered.error());
  const analysis::StutterReport report = analysis::whyStuttered(gathered->input);
  const auto diverged = mispredictions(loaded, report, options.window.ns + kNsPerSecond / 4);
  std::optional<analysis::PlayerMoment> player;
  if (options.player != 0) player = analysis::playerAt(loaded.store, report.server, options.player, report.time);
  if (globals.json) {
    Json json = toJson(report, diverged);
    if (player) json["player"] = toJson(*player);
    printJson(json);
  } else {
    printText(report, diverged);
    if (player) print(player->says + "\n");
  }
  complainOfDamage(options.path, read->damaged.size());
  return 0;
}

}  // namespace

void addWhy(Program& program) {
  CLI::App* verb = program.verb("why", "Why did it stutter: the layer that went wrong first around a moment");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->path, "the recording")->required();
  verb->add_option("--at", options->at, "tick (1204), UTC time (14:02:11.25), ns since 1970, or +12.5s from its start")
      ->required()
      ->type_name("TICK|TIME");
  verb->add_option("--process", options->process, "the editor, or a server (then its first editor); default: the first")
      ->type_name("ID");
  verb->add_option("--player", options->player, "what the server says of that player then, against the others")
      ->type_name("NUMBER");
  addDuration(verb, "--window", options->window, "how far to look on both sides (default 250ms)");
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
