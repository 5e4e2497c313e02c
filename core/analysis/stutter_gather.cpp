// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/stutter_gather.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/analysis/baseline.h"

namespace qd::analysis {
namespace {

constexpr int kEverySample = 1 << 20;
constexpr TimeNs kAfter = 1500 * kNsPerMs;  // a client shows a tick at most this much later
constexpr TimeNs kCoarse = 400 * kNsPerMs;  // between the samples of what is measured once a tick
constexpr double kGuessedAge = 6;           // ticks, where nobody says how old the view is

struct Gather {
  const series::Store& store;
  StutterInput in;
  bool refining = false;
  TimeNs from = 0, to = 0;  // server side, baseline included
  TimeNs clientFrom = 0, clientTo = 0;

  double serverTick(TimeNs time) const;
  double shownTick(TimeNs time) const;
  TickTrack read(const ProcessId& process, const std::string& name, TimeNs begin, TimeNs end);
  TickTrack perTick(const std::string& name);  // of the server, at the tick that was simulated
  TickTrack perSecond(const ProcessId& process, const std::string& name);
  TickTrack perFrame(const std::string& name);  // of the client, at the tick that was shown
  TickTrack arrivals();
  void parked(const ingest::EventLog& log);
};

double Gather::serverTick(TimeNs time) const {
  const auto tick = store.tickAt(in.server, time);
  if (!tick) {  // beyond the newest or before the first: go on at the nominal rate
    const auto last = store.find(in.server, "tick.duration");
    const auto sample = last ? store.at(*last, time) : std::nullopt;
    if (!sample) return 0;
    return static_cast<double>(sample->tick) + static_cast<double>(time - sample->time) * in.tickHz / 1e9;
  }
  const auto begin = store.timeAt(in.server, *tick);
  const double part = begin ? static_cast<double>(time - *begin) * in.tickHz / 1e9 : 0;
  return static_cast<double>(*tick) + std::clamp(part, 0.0, 1.0);
}

double Gather::shownTick(TimeNs time) const {
  if (const auto id = store.find(in.client, "interp.render_tick"))
    if (const auto sample = store.at(*id, time); sample && time - sample->time < kNsPerSecond / 2) return sample->value;
  double age = kGuessedAge * 1e3 / in.tickHz;
  if (const auto id = store.find(in.client, "interp.view_age"))
    if (const auto sample = store.at(*id, time)) age = sample->value;
  return serverTick(time) - age * in.tickHz / 1e3;
}

TickTrack Gather::read(const ProcessId& process, const std::string& name, TimeNs begin, TimeNs end) {
  TickTrack track;
  track.process = process;
  track.series = name;
  const auto id = store.find(process, name);
  if (!id) return track;
  if (const auto meta = store.meta(*id)) {
    track.unit = meta->info.unit;
    track.budget = meta->info.budget;
  }
  const auto result = store.query(*id, series::Axis::Time, begin, end, kEverySample);
  refining = refining || result.refining;
  for (const series::Sample& s : result.samples) track.points.push_back({static_cast<double>(s.tick), s.time, s.value});
  for (const series::Bucket& b : result.buckets) track.points.push_back({0, b.x0, b.max});
  return track;
}

bool isCoarse(const TickTrack& track) {
  if (track.points.size() < 3) return false;
  const TimeNs whole = track.points.back().time - track.points.front().time;
  return whole / static_cast<TimeNs>(track.points.size() - 1) > kCoarse;
}

TickTrack Gather::perTick(const std::string& name) {
  TickTrack track = read(in.server, name, from, to);
  track.coarse = isCoarse(track);
  return track;
}

TickTrack Gather::perSecond(const ProcessId& process, const std::string& name) {
  const bool server = process == in.server;
  TickTrack track = read(process, name, server ? from : clientFrom, server ? to + kNsPerSecond : clientTo);
  for (TickPoint& point : track.points) point.tick = server ? serverTick(point.time) : shownTick(point.time);
  return track;
}

TickTrack Gather::perFrame(const std::string& name) {
  TickTrack track = read(in.client, name, clientFrom, clientTo);
  for (TickPoint& point : track.points) point.tick = shownTick(point.time);
  track.coarse = isCoarse(track);
  return track;
}

// As the client's network thread measured them; where it does not, between the frames that had a new snapshot.
TickTrack Gather::arrivals() {
  TickTrack track = read(in.client, "net.snapshot_interval", clientFrom, clientTo);
  const TickTrack ticks = read(in.client, "net.snapshot_tick", clientFrom, clientTo);
  if (track.points.empty()) {
    track = read(in.client, "net.snapshot_bytes", clientFrom, clientTo);
    track.unit = "ms";
    for (std::size_t i = track.points.size(); i-- > 1;)
      track.points[i].value = static_cast<double>(track.points[i].time - track.points[i - 1].time) / 1e6;
    if (!track.points.empty()) track.points.erase(track.points.begin());
  }
  const bool paired = ticks.points.size() == track.points.size();
  for (std::size_t i = 0; i < track.points.size(); ++i) {
    TickPoint& point = track.points[i];
    // Where no ticks come along: the newest snapshot when the gap began was about that of the server then.
    const double gap = std::isfinite(point.value) ? std::clamp(point.value, 0.0, 1e6) : 0;
    const TimeNs began = point.time - static_cast<TimeNs>(gap * 1e6);
    point.tick = paired && i > 0 ? ticks.points[i - 1].value + 1 : serverTick(began);
  }
  track.coarse = isCoarse(track) && baselineOf([&] {
                                      std::vector<double> v;
                                      for (const auto& p : track.points) v.push_back(p.value);
                                      return v;
                                    }())
                                            .median > static_cast<double>(kCoarse) / 1e6;
  return track;
}

void Gather::parked(const ingest::EventLog& log) {
  ingest::MomentFilter filter;
  filter.kinds = {ingest::MomentKind::Stop, ingest::MomentKind::Resume};
  constexpr TimeNs kLongest = 600 * kNsPerSecond;
  std::vector<ProcessId> members;
  TimeNs since = 0;
  const auto close = [&](TimeNs until) {
    for (const ProcessId& id : members) {
      if (id != in.server && id != in.client) continue;
      const auto at = [&](TimeNs t) { return id == in.server ? serverTick(t) : shownTick(t); };
      in.parked.push_back({id, at(since), at(until)});
    }
    members.clear();
  };
  for (const ingest::Moment& moment : log.query(from - kLongest, clientTo, filter, 1000)) {
    const auto* group = moment.envelope == nullptr ? nullptr : std::get_if<ingest::LinkGroup>(&moment.envelope->event);
    if (group == nullptr) continue;
    close(moment.time);
    if (moment.kind != ingest::MomentKind::Stop) continue;
    since = moment.time;
    for (const ingest::GroupMember& member : group->members) members.push_back(member.process);
  }
  close(clientTo);
}

std::unexpected<Error> notFound(std::string sentence) {
  return fail(ErrorCode::NotFound, std::move(sentence));
}

// The client and its server.
Result<std::pair<ingest::ProcessInfoPtr, ingest::ProcessInfoPtr>> whoOf(const ingest::Directory& directory,
                                                                        const ProcessId& wanted) {
  ingest::ProcessInfoPtr client = wanted.value.empty() ? nullptr : directory.process(wanted);
  if (client == nullptr && !wanted.value.empty())
    return notFound(fmt::format("There is no process {} here.", wanted.value));
  if (client == nullptr || client->kind == ingest::ProcessKind::Server) {
    const auto all = directory.processes();
    const auto found = std::ranges::find_if(all, [&](const ingest::ProcessInfoPtr& info) {
      return info->kind == ingest::ProcessKind::Editor && (client == nullptr || info->domain == client->id.value);
    });
    if (found == all.end()) {
      return notFound(client == nullptr
                          ? std::string("No editor or client is here: nothing says what a player saw.")
                          : fmt::format("No editor plays on {}: nothing says what a player saw.", client->id.value));
    }
    client = *found;
  }
  const auto server = directory.process(ProcessId(client->domain));
  if (server == nullptr)
    return notFound(fmt::format("The server {} of {} is not here.", client->domain, client->id.value));
  return std::pair{client, server};
}

// The moment and the window, in ticks.
Result<> place(Gather& g, const StutterQuestion& question) {
  StutterInput& in = g.in;
  const double reach = static_cast<double>(question.reach) * in.tickHz / 1e9;
  if (question.tick) {
    const auto time = g.store.timeAt(in.server, *question.tick);
    if (!time) return notFound(fmt::format("Tick {} of {} is not here.", *question.tick, in.server.value));
    in.time = *time;
    in.moment = static_cast<double>(*question.tick);
    in.from = in.moment - reach;
    in.to = in.moment + reach;
    return {};
  }
  in.time = question.time.value_or(0);
  const auto totals = g.store.totals();
  if (in.time < totals.firstTime || in.time > totals.lastTime + kAfter)
    return notFound("That time is outside of what is here.");
  in.moment = g.shownTick(in.time);
  in.from = in.moment - reach;
  in.to = std::max(in.moment, g.serverTick(in.time)) + reach;
  return {};
}

}  // namespace

const std::vector<std::string>& stutterSeries() {
  static const std::vector<std::string> names{
      "tick.start_jitter",  "tick.duration",       "tick.sched_delay",   "host.cpu",
      "host.psi",           "host.steal",          "host.cpu_throttled", "net.snapshot_interval",
      "net.snapshot_tick",  "net.snapshot_bytes",  "net.state",          "net.loss_burst",
      "net.jitter",         "interp.buffer_depth", "interp.delay_ticks", "interp.view_age",
      "interp.render_tick", "frame.interval",      "frame.duration",     "frame.sched_delay"};
  return names;
}

Result<Gathered> gatherStutter(const series::Store& store, const ingest::Directory& directory,
                               const ingest::EventLog& log, const StutterQuestion& question) {
  const auto who = whoOf(directory, question.client);
  if (!who) return std::unexpected(who.error());
  Gather g{store, {}};
  StutterInput& in = g.in;
  in.client = who->first->id;
  in.server = who->second->id;
  in.tickHz = who->second->tickHz > 0 ? who->second->tickHz : 60;
  in.frameHz = who->first->tickHz > 0 ? who->first->tickHz : 60;
  if (const auto placed = place(g, question); !placed) return std::unexpected(placed.error());
  const auto at = [&](double tick) {
    return in.time + static_cast<TimeNs>((tick - g.serverTick(in.time)) * 1e9 / in.tickHz);
  };
  g.from = at(in.from) - question.baseline;
  g.to = at(in.to);
  g.clientFrom = g.from;
  g.clientTo = g.to + kAfter;
  in.startJitter = g.perTick("tick.start_jitter");
  in.tickDuration = g.perTick("tick.duration");
  in.tickSchedDelay = g.perTick("tick.sched_delay");
  in.hostCpu = g.perSecond(in.server, "host.cpu");
  in.hostPressure = g.perSecond(in.server, "host.psi");
  in.hostSteal = g.perSecond(in.server, "host.steal");
  in.hostThrottled = g.perSecond(in.server, "host.cpu_throttled");
  in.snapshotInterval = g.arrivals();
  in.netState = g.perSecond(in.client, "net.state");
  in.lossBurst = g.perSecond(in.client, "net.loss_burst");
  in.jitter = g.perSecond(in.client, "net.jitter");
  in.bufferDepth = g.perFrame("interp.buffer_depth");
  in.delayTicks = g.perFrame("interp.delay_ticks");
  in.delayTicks.coarse = false;  // told once a second
  in.frameInterval = g.perFrame("frame.interval");
  in.frameDuration = g.perFrame("frame.duration");
  in.frameSchedDelay = g.perFrame("frame.sched_delay");
  if (const auto id = store.find(in.client, "frame.interval"))
    if (const auto last = store.at(*id, g.clientTo)) in.newest = last->time;
  g.parked(log);
  return Gathered{std::move(g.in), g.refining};
}

}  // namespace qd::analysis
