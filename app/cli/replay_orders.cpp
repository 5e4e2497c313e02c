// SPDX-License-Identifier: Apache-2.0
// What ReplayBackend is told to do: actions named replay.* to any of its processes, as qdctl replay-control sends them.
#include <fmt/format.h>

#include <algorithm>

#include "app/cli/cli.h"
#include "app/cli/replay_backend.h"
#include "app/cli/when.h"

namespace qd::cli {
namespace {

using namespace ingest;

const Value* argument(const control::ActionOrder& order, std::string_view name) {
  for (const auto& [key, value] : order.arguments) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string textOf(const control::ActionOrder& order, std::string_view name) {
  const Value* value = argument(order, name);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::string() : *text;
}

}  // namespace

// As for --from, or "@" and the beginning of a bookmark's text.
Result<TimeNs> ReplayBackend::momentOf(const std::string& text, const std::string& domain) {
  if (text.starts_with('@')) {
    const std::lock_guard lock(notesMutex_);
    const auto found = std::ranges::find_if(notes_, [&](const auto& n) { return n.text.starts_with(text.substr(1)); });
    if (found != notes_.end()) return found->time;
    return fail(ErrorCode::NotFound, fmt::format("No bookmark begins with \"{}\".", text.substr(1)));
  }
  StretchOptions options;
  options.from = text;
  options.domain = domain;
  const std::lock_guard lock(snapshotMutex_);
  const Result<Stretch> stretch = resolve(*file_, options);
  if (!stretch) return std::unexpected(stretch.error());
  return std::clamp(stretch->from, info_.start, std::max(info_.start, info_.end));
}

std::optional<std::pair<ProcessRef, Tick>> ReplayBackend::tickNow(const std::string& domain) {
  const TimeNs at = now();
  const std::lock_guard lock(snapshotMutex_);
  advance();
  for (const ProcessInfo& info : state_.processes) {
    if (domain.empty() ? info.kind != ProcessKind::Server : info.id.value != domain) continue;
    const ProcessRef ref{info.id, info.instance};
    if (const auto tick = file_->tickAt(ref, at)) return std::pair(ref, *tick);
  }
  return std::nullopt;
}

Result<> ReplayBackend::order(const control::ActionOrder& order) {
  const std::int64_t mono = monotonicNs();
  const auto change = [&](auto how) {
    {
      const std::lock_guard lock(paceMutex_);
      how(pace_);
    }
    const std::lock_guard lock(clockMutex_);
    ++clockRevision_;
    clockChanged_.notify_one();
    return Result<>();
  };
  if (order.name == "replay.where") return {};
  if (order.name == "replay.pause") return change([&](ReplayPace& pace) { pace.setPaused(true, mono); });
  if (order.name == "replay.play") return change([&](ReplayPace& pace) { pace.setPaused(false, mono); });
  if (order.name == "replay.unloop") return change([&](ReplayPace& pace) { pace.setLoop({}, mono); });
  if (order.name == "replay.speed") {
    const Value* value = argument(order, "x");
    const auto* x = value == nullptr ? nullptr : std::get_if<double>(value);
    if (x == nullptr || !(*x >= 0.05 && *x <= 100)) {
      return fail(ErrorCode::InvalidArgument, "A replay runs at 0.05 to 100 times its speed.");
    }
    return change([&](ReplayPace& pace) { pace.setSpeed(*x, mono); });
  }
  if (order.name == "replay.bookmark") return addBookmark(textOf(order, "text"), order.who);
  if (order.name == "replay.step") {
    const Value* value = argument(order, "ticks");
    const auto* ticks = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
    const auto here = tickNow(textOf(order, "domain"));
    if (ticks == nullptr || !here) return fail(ErrorCode::InvalidArgument, "There is no tick to step to.");
    const Result<TimeNs> to =
        momentOf(fmt::format("#{}", std::max<Tick>(0, here->second + *ticks)), here->first.id.value);
    if (!to) return std::unexpected(to.error());
    return change([&](ReplayPace& pace) {
      pace.setPaused(true, mono);
      pace.seek(*to, mono);
    });
  }
  const bool loops = order.name == "replay.loop";
  if (order.name != "replay.seek" && !loops) {
    return fail(ErrorCode::NotFound, fmt::format("A replay knows no {}; see qdctl replay-control --help.", order.name));
  }
  const std::string domain = textOf(order, "domain");
  const Result<TimeNs> from = momentOf(textOf(order, loops ? "from" : "to"), domain);
  if (!from) return std::unexpected(from.error());
  if (!loops) return change([&](ReplayPace& pace) { pace.seek(*from, mono); });
  const Result<TimeNs> to = momentOf(textOf(order, "to"), domain);
  if (!to) return std::unexpected(to.error());
  if (*to <= *from) return fail(ErrorCode::InvalidArgument, "What is to be repeated ends before it begins.");
  return change([&](ReplayPace& pace) { pace.setLoop(std::pair(*from, *to), mono); });
}

Result<> ReplayBackend::addBookmark(const std::string& text, const std::string& who) {
  const auto here = tickNow();
  recording::Note note{now(), here ? here->second : 0, here ? here->first.id.value : "", text, who, utcNowNs()};
  const std::lock_guard lock(notesMutex_);
  std::vector<recording::Note> all = notes_;
  all.insert(std::ranges::upper_bound(all, note.time, {}, &recording::Note::time), note);
  if (Result<> saved = recording::saveNotes(path_, all); !saved) return saved;
  notes_ = std::move(all);
  return {};
}

std::string ReplayBackend::where() {
  const auto tick = tickNow();
  Json out{{"at", std::min(now(), std::max(info_.start, info_.end))},
           {"tick", tick ? Json(tick->second) : Json()},
           {"domain", tick ? Json(tick->first.id.value) : Json()}};
  {
    const std::lock_guard lock(paceMutex_);
    out["speed"] = pace_.speed();
    out["paused"] = pace_.paused();
    out["loop"] = pace_.loop() ? Json{pace_.loop()->first, pace_.loop()->second} : Json();
  }
  const std::lock_guard lock(notesMutex_);
  out["bookmarks"] = Json::array();
  for (const recording::Note& note : notes_) {
    out["bookmarks"].push_back({{"time", note.time}, {"tick", note.tick}, {"text", note.text}, {"who", note.who}});
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void ReplayBackend::runAction(control::ActionOrder what, control::ActionDone done) {
  if (!what.name.starts_with("replay.")) {
    return done(fail(ErrorCode::Unsupported, "This is a recording: it can be looked at, not changed."));
  }
  if (Result<> did = order(what); !did) return done(std::unexpected(did.error()));
  ActionResult result;
  result.actionId = what.actionId;
  result.process.id = what.target;
  result.name = what.name;
  result.ok = true;
  result.time = now();
  result.text = where();
  result.who = what.who;
  done(std::move(result));
}

}  // namespace qd::cli
