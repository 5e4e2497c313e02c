// SPDX-License-Identifier: Apache-2.0
#include "app/cli/when.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <set>

#include "core/serve/glob.h"

namespace qd::cli {
namespace {

constexpr TimeNs kDay = 86'400 * kNsPerSecond;

template <class T>
std::optional<T> whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "11.25" in ns; digits beyond the ninth are refused.
std::optional<TimeNs> seconds(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto full = whole<std::uint32_t>(text.substr(0, dot));
  if (!full || *full > 60) return std::nullopt;
  if (dot == std::string_view::npos) return TimeNs{*full} * kNsPerSecond;
  std::string digits(text.substr(dot + 1));
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  digits.resize(9, '0');
  const auto fraction = whole<std::uint32_t>(digits);
  if (!fraction) return std::nullopt;
  return TimeNs{*full} * kNsPerSecond + *fraction;
}

std::optional<TimeNs> timeOfDay(std::string_view text) {
  const std::size_t first = text.find(':'), second = text.find(':', first + 1);
  if (first == std::string_view::npos) return std::nullopt;
  const bool hasSeconds = second != std::string_view::npos;
  const auto hours = whole<std::uint32_t>(text.substr(0, first));
  const auto minutes = whole<std::uint32_t>(text.substr(first + 1, hasSeconds ? second - first - 1 : second));
  const auto rest = hasSeconds ? seconds(text.substr(second + 1)) : std::optional<TimeNs>(0);
  if (!hours || !minutes || !rest || *hours > 23 || *minutes > 59) return std::nullopt;
  return (TimeNs{*hours} * 3600 + TimeNs{*minutes} * 60) * kNsPerSecond + *rest;
}

// "2026-11-23" as the beginning of that day.
std::optional<TimeNs> dayOf(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = whole<std::uint32_t>(text.substr(0, 4)), month = whole<std::uint32_t>(text.substr(5, 2)),
             day = whole<std::uint32_t>(text.substr(8, 2));
  if (!year || !month || !day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return std::nullopt;
  std::tm date{};
  date.tm_year = static_cast<int>(*year) - 1900;
  date.tm_mon = static_cast<int>(*month) - 1;
  date.tm_mday = static_cast<int>(*day);
  return static_cast<TimeNs>(timegm(&date)) * kNsPerSecond;
}

std::unexpected<Error> doesNotRead(const std::string& text) {
  return fail(
      ErrorCode::InvalidArgument,
      fmt::format("\"{}\" is no moment; give a UTC time (2026-11-23T14:02:11.5Z or 14:02:11), ns since the epoch, "
                  "+10s after the start, -30s before the end, or a tick (#123456).",
                  text));
}

bool isTick(const std::string& text) {
  return text.starts_with('#');
}

// Which process's ticks are meant.
Result<ProcessId> domainOf(const recording::Recording& file, const StretchOptions& options) {
  std::set<std::string> all;
  for (const recording::RecordedProcess& p : file.processes()) all.insert(p.ref.id.value);
  if (!options.domain.empty()) {
    if (all.contains(options.domain)) return ProcessId(options.domain);
    return fail(ErrorCode::NotFound, fmt::format("No process in {} is called {}; qdctl stats {} lists them.",
                                                 file.path(), options.domain, file.path()));
  }
  std::set<std::string> ticking;
  const auto series = file.series();
  if (!series) return std::unexpected(series.error());
  for (const auto& s : *series) {
    if (s.info.name.starts_with("tick.")) ticking.insert(s.process.value);
  }
  if (ticking.size() == 1) return ProcessId(*ticking.begin());
  if (all.size() == 1) return ProcessId(*all.begin());
  return fail(ErrorCode::InvalidArgument,
              fmt::format("{} has several servers, each with ticks of its own; say whose with --domain ({}).",
                          file.path(), fmt::join(ticking.empty() ? all : ticking, ", ")));
}

// From the first to the last moment at which the process was at tick `from` to `to`; of its newest start that was.
Result<std::pair<TimeNs, TimeNs>> timesOfTicks(const recording::Recording& file, const ProcessId& process, Tick from,
                                               Tick to) {
  const auto series = file.series();
  if (!series) return std::unexpected(series.error());
  std::optional<std::pair<TimeNs, TimeNs>> found;
  InstanceId instance;
  for (const recording::RecordedSeries& s : *series) {
    if (s.process != process || s.info.derived) continue;
    std::optional<std::pair<TimeNs, TimeNs>> span;
    const auto read = file.read(s, true, [&](const recording::SampleRun& run) {
      for (std::size_t i = 0; i < run.ticks.size(); ++i) {
        if (run.ticks[i] < from || run.ticks[i] > to) continue;
        const TimeNs time = run.times[i];
        span = span ? std::pair(std::min(span->first, time), std::max(span->second, time)) : std::pair(time, time);
      }
    });
    if (!read) return std::unexpected(read.error());
    if (!span) continue;
    const bool same = found && instance == s.instance;
    if (same) {
      found = {std::min(found->first, span->first), std::max(found->second, span->second)};
    } else if (!found || span->first > found->first) {
      found = span;
      instance = s.instance;
    }
  }
  if (found) return *found;
  return fail(ErrorCode::NotFound,
              fmt::format("{} was at no tick between {} and {} in {}.", process.value, from, to, file.path()));
}

Result<Tick> tickOf(const std::string& text, Tick otherwise) {
  if (text.empty()) return otherwise;
  const auto tick = whole<Tick>(std::string_view(text).substr(1));
  if (!tick || *tick < 0) return doesNotRead(text);
  return *tick;
}

}  // namespace

Result<TimeNs> parseMoment(const std::string& text, TimeNs start, TimeNs end) {
  if (text.empty()) return doesNotRead(text);
  if (text[0] == '+' || text[0] == '-') {
    const Result<Duration> step = parseDuration(std::string_view(text).substr(1));
    if (!step) return doesNotRead(text);
    return text[0] == '+' ? start + step->ns : end - step->ns;
  }
  if (const auto ns = whole<TimeNs>(text)) return *ns;
  std::string_view rest = text;
  if (rest.ends_with('Z') || rest.ends_with('z')) rest.remove_suffix(1);
  if (const auto day = dayOf(rest.substr(0, 10))) {
    if (rest.size() == 10) return *day;
    const auto time = rest[10] == 'T' || rest[10] == ' ' ? timeOfDay(rest.substr(11)) : std::nullopt;
    if (!time) return doesNotRead(text);
    return *day + *time;
  }
  const auto time = timeOfDay(rest);
  if (!time) return doesNotRead(text);
  const TimeNs midnight = end - end % kDay;
  return midnight + *time <= end ? midnight + *time : midnight + *time - kDay;
}

void addStretch(CLI::App* verb, StretchOptions& into) {
  verb->add_option("--from", into.from, "from this moment on (UTC time, +10s, -30s, #tick; default: the start)")
      ->type_name("WHEN");
  verb->add_option("--to", into.to, "up to this moment, included (default: the end)")->type_name("WHEN");
  verb->add_option("--domain", into.domain, "whose ticks are meant (default: the only server)")->type_name("ID");
  addEach(verb, "--process", into.processes, "pattern of process ids; once for each (default all)")->type_name("ID");
}

Result<Stretch> resolve(const recording::Recording& file, const StretchOptions& options) {
  Stretch out;
  const Result<serve::GlobSet> set = serve::GlobSet::make(options.processes, "process");
  if (!set) return std::unexpected(set.error());
  if (!set->all()) {
    out.process = [set = *set](const ProcessId& id) { return set.matches(id.value); };
    const auto all = file.processes();
    if (std::none_of(all.begin(), all.end(), [&](const auto& p) { return out.process(p.ref.id); })) {
      return fail(ErrorCode::NotFound, fmt::format("No process in {} is called {}; qdctl stats {} lists them.",
                                                   file.path(), fmt::join(options.processes, " or "), file.path()));
    }
  }
  if (options.from.empty() && options.to.empty()) return out;
  if (isTick(options.from) || isTick(options.to)) {
    const auto ticks = [&]() -> Result<std::pair<TimeNs, TimeNs>> {
      const Result<Tick> from = tickOf(isTick(options.from) ? options.from : "", 0);
      const Result<Tick> to = tickOf(isTick(options.to) ? options.to : "", INT64_MAX);
      if (!from) return std::unexpected(from.error());
      if (!to) return std::unexpected(to.error());
      const Result<ProcessId> domain = domainOf(file, options);
      if (!domain) return std::unexpected(domain.error());
      return timesOfTicks(file, *domain, *from, *to);
    }();
    if (!ticks) return std::unexpected(ticks.error());
    if (isTick(options.from)) out.from = ticks->first;
    if (isTick(options.to)) out.to = ticks->second;
  }
  const Result<recording::RecordingInfo> info = file.info();
  if (!info) return std::unexpected(info.error());
  for (const auto& [text, into] : {std::pair(&options.from, &out.from), std::pair(&options.to, &out.to)}) {
    if (text->empty() || isTick(*text)) continue;
    const Result<TimeNs> moment = parseMoment(*text, info->start, info->end);
    if (!moment) return std::unexpected(moment.error());
    *into = *moment;
  }
  if (out.from <= out.to) return out;
  return fail(ErrorCode::InvalidArgument,
              fmt::format("--from {} is later than --to {}; exchange them.", options.from, options.to));
}

}  // namespace qd::cli
