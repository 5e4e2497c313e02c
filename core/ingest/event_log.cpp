// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/event_log.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string_view>
#include <unordered_map>

#include "core/ingest/describe.h"

namespace qd::ingest {
namespace {

using MomentPtr = std::shared_ptr<const Moment>;
using Key = std::pair<TimeNs, std::uint64_t>;

// How many moments a query takes out under the lock at a time; filtering happens outside of it.
constexpr std::size_t kBatch = 1024;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(const std::string& text, const std::string& lowered) {
  return std::search(text.begin(), text.end(), lowered.begin(), lowered.end(),
                     [](char a, char b) { return lower(a) == b; }) != text.end();
}

bool hasWord(const std::string& text, const std::string& word) {
  const auto joins = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
  for (std::size_t at = text.find(word); !word.empty() && at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !joins(text[at - 1])) && (end == text.size() || !joins(text[end]))) return true;
  }
  return false;
}

bool isAbout(const Moment& moment, std::int64_t player, const std::string& name) {
  if (moment.kind == MomentKind::Log)
    return hasWord(moment.text, "player " + std::to_string(player)) || hasWord(moment.text, name);
  const auto* event = moment.envelope == nullptr ? nullptr : std::get_if<GameEvent>(&moment.envelope->event);
  if (event == nullptr) return false;
  static constexpr std::string_view kNames[] = {"player", "shooter", "victim", "claimed", "hit", "entity"};
  return std::any_of(event->fields.begin(), event->fields.end(), [&](const Field& field) {
    const auto* number = std::get_if<std::int64_t>(&field.second);
    return number != nullptr && *number == player && std::ranges::find(kNames, field.first) != std::end(kNames);
  });
}

bool passes(const Moment& m, const MomentFilter& filter, const std::string& text) {
  const auto among = [](const auto& all, const auto& one) {
    return all.empty() || std::find(all.begin(), all.end(), one) != all.end();
  };
  if (!among(filter.kinds, m.kind) || !among(filter.processes, m.process)) return false;
  if (m.kind == MomentKind::Log && m.level < filter.minimumLevel) return false;
  if (m.kind == MomentKind::Game && !m.category.starts_with(filter.gamePrefix)) return false;
  if (filter.player && !isAbout(m, *filter.player, filter.playerName)) return false;
  return text.empty() || contains(m.category, text) || contains(m.text, text);
}

// What comes again with more takes the place of what was there: a hit whose bundle grows, a push that was pending and
// is applied. Empty: every event is one of its own.
std::string identityOf(const Event& event) {
  if (const auto* hit = std::get_if<Hit>(&event)) return "hit " + hit->id;
  const auto* push = std::get_if<PushResult>(&event);
  if (push != nullptr && !push->pushId.empty()) return "push " + push->pushId + ' ' + push->process.id.value;
  return {};
}

std::size_t sizeOf(const Moment& m) {
  constexpr std::size_t kNodes = 160;  // of the map and the set of logs
  return sizeof(Moment) + kNodes + m.category.capacity() + m.text.capacity() + m.process.value.capacity() +
         sizeInBytes(*m.envelope);
}

}  // namespace

struct EventLog::Impl {
  explicit Impl(std::size_t budgetBytes) : budget(budgetBytes) {}

  const std::size_t budget;
  mutable std::shared_mutex mutex;
  std::atomic<std::uint64_t> revision{0}, forgotten{0};
  std::map<Key, MomentPtr> moments;
  std::set<Key> chatter;  // log lines and game events: there are many, and they may go
  std::size_t bytes = 0;
  std::uint64_t nextId = 1;
  TimeNs newest = 0;
  // Source thread only: what is needed to tell a change from a repetition.
  std::unordered_map<ProcessId, std::pair<InstanceId, ProcessState>> processes;
  std::unordered_map<std::string, GroupState> groups;
  std::unordered_map<AgentId, AgentState> agents;
  std::unordered_map<std::string, Key> known;  // by identity
  std::unordered_map<std::string, ChangePhase> changes;

  void put(Moment moment, std::optional<Key> instead = {});
  void erase(std::map<Key, MomentPtr>::iterator it);
  std::vector<MomentPtr> batch(TimeNs from, Key before) const;

  std::optional<Moment> make(const Envelope& e);
  std::optional<Moment> of(const ProcessChange& change);
  std::optional<Moment> of(const LinkGroup& group);
  std::optional<Moment> of(const AgentId& agent, const AgentChange& change);
  std::optional<Moment> of(const Envelope& e, const ChangeState& change);
};

void EventLog::Impl::erase(std::map<Key, MomentPtr>::iterator it) {
  bytes -= sizeOf(*it->second);
  chatter.erase(it->first);
  moments.erase(it);
}

void EventLog::Impl::put(Moment moment, std::optional<Key> instead) {
  const std::unique_lock lock(mutex);
  if (instead) {
    const auto old = moments.find(*instead);
    if (old != moments.end()) erase(old);
    moment.id = instead->second;
  } else {
    moment.id = nextId++;
  }
  const Key key{moment.time, moment.id};
  if (std::string identity = identityOf(moment.envelope->event); !identity.empty()) known[std::move(identity)] = key;
  if (moment.kind == MomentKind::Log || moment.kind == MomentKind::Game) chatter.insert(key);
  const auto kept = std::make_shared<const Moment>(std::move(moment));
  bytes += sizeOf(*kept);
  moments.emplace(key, kept);
  while (bytes > budget && moments.size() > 1) {
    const auto oldest = chatter.empty() ? moments.begin() : moments.find(*chatter.begin());
    known.erase(identityOf(oldest->second->envelope->event));
    erase(oldest);
    forgotten.fetch_add(1, std::memory_order_relaxed);
  }
  revision.fetch_add(1, std::memory_order_release);
}

// Up to kBatch moments, newest first, older than `before`.
std::vector<MomentPtr> EventLog::Impl::batch(TimeNs from, Key before) const {
  const std::shared_lock lock(mutex);
  std::vector<MomentPtr> result;
  auto it = moments.lower_bound(before);
  while (it != moments.begin() && result.size() < kBatch) {
    --it;
    if (it->first.first < from) break;
    result.push_back(it->second);
  }
  return result;
}

std::optional<Moment> EventLog::Impl::of(const ProcessChange& change) {
  const ProcessInfo& info = change.info;
  const auto [known, isNew] = processes.try_emplace(info.id, info.instance, info.state);
  const bool restarted = !isNew && known->second.first != info.instance;
  const ProcessState before = known->second.second;
  known->second = {info.instance, info.state};
  // Parking and going on is told by the stop that caused it; a new declaration is no news.
  const bool news = isNew || restarted || (before != info.state && ProcessState::Gone == info.state) ||
                    (before == ProcessState::Gone && info.state != before);
  if (!news) return std::nullopt;
  Moment m{.kind = MomentKind::Process,
           .tick = info.tick,
           .process = info.id,
           .category = "process",
           .text = {},
           .envelope = {}};
  m.level = info.state == ProcessState::Gone ? LogLevel::Warning : LogLevel::Info;
  m.text = describe(change, !isNew, restarted);
  return m;
}

std::optional<Moment> EventLog::Impl::of(const LinkGroup& group) {
  const auto [known, isNew] = groups.try_emplace(group.id, GroupState::Running);
  const GroupState before = known->second;
  known->second = group.removed ? GroupState::Running : group.state;
  const bool stopped = known->second == GroupState::Stopped || known->second == GroupState::Partial;
  const bool goesOn = known->second == GroupState::Running && before != GroupState::Running;
  if ((!stopped && !goesOn) || before == known->second) return std::nullopt;
  Moment m{.kind = stopped ? MomentKind::Stop : MomentKind::Resume,
           .tick = group.tick,
           .process = group.leader,
           .category = "link",
           .text = {},
           .envelope = {}};
  if (stopped) m.time = group.stoppedAt;
  m.level = group.state == GroupState::Partial ? LogLevel::Warning : LogLevel::Info;
  m.text = describe(group);
  return m;
}

// A new phase of a change is news, a new reading is not; nor is what an attach lists.
std::optional<Moment> EventLog::Impl::of(const Envelope& e, const ChangeState& change) {
  const auto [known, isNew] = changes.try_emplace(change.plan.id, change.phase);
  const bool news = isNew || known->second != change.phase;
  known->second = change.phase;
  if (!news || e.sequence == 0) return std::nullopt;
  Moment m{.kind = MomentKind::Action,
           .time = change.since,
           .process = {},
           .category = "change",
           .text = describe(change),
           .envelope = {}};
  const bool bad = change.phase == ChangePhase::Reverting || change.phase == ChangePhase::Failed;
  if (bad || change.phase == ChangePhase::Holding) m.level = LogLevel::Warning;
  return m;
}

std::optional<Moment> EventLog::Impl::of(const AgentId& agent, const AgentChange& change) {
  const auto [known, isNew] = agents.try_emplace(agent, change.state);
  if (!isNew && known->second == change.state) return std::nullopt;
  const bool wasUp = !isNew && known->second == AgentState::Connected;
  known->second = change.state;
  if (change.state == AgentState::Connecting && !wasUp) return std::nullopt;
  Moment m{
      .kind = MomentKind::Agent, .process = {}, .category = "agent", .text = describe(agent, change), .envelope = {}};
  m.level = change.state == AgentState::Connected ? LogLevel::Info : LogLevel::Warning;
  return m;
}

namespace {

template <class T>
Moment plain(MomentKind kind, const T& event, std::string category) {
  return Moment{.kind = kind,
                .time = event.time,
                .tick = event.tick,
                .process = processOf(Event(event)),
                .category = std::move(category),
                .text = describe(event),
                .envelope = {}};
}

Moment ofLog(const LogLine& line) {
  Moment m{.kind = MomentKind::Log,
           .time = line.time,
           .tick = line.tick,
           .process = line.process.id,
           .level = line.level,
           .category = line.category,
           .text = line.text,
           .envelope = {}};
  if (line.suppressed != 0) m.text += " (" + std::to_string(line.suppressed) + " lines before it were suppressed)";
  return m;
}

Moment ofPush(const PushResult& push) {
  Moment m = plain(MomentKind::Push, push, "push");
  if (push.status != PushStatus::Applied && push.status != PushStatus::Pending) m.level = LogLevel::Warning;
  return m;
}

Moment ofAction(const ActionResult& action) {
  Moment m = plain(MomentKind::Action, action, action.name);
  if (!action.ok) m.level = LogLevel::Warning;
  return m;
}

// A change that no push made, so nothing else tells of it. What an attach lists is no change.
std::optional<Moment> ofParameters(const Envelope& e, const ParameterChange& change) {
  if (e.sequence == 0 || change.values.empty() || !change.values.front().pushId.empty()) return std::nullopt;
  const ParameterValue& first = change.values.front();
  return Moment{.kind = MomentKind::Game,
                .time = first.time,
                .tick = first.tick,
                .process = change.process.id,
                .category = "parameters",
                .text = describe(change),
                .envelope = {}};
}

Moment ofGap(const Gap& gap) {
  return Moment{.kind = MomentKind::Gap,
                .time = gap.from,
                .process = gap.process,
                .level = LogLevel::Warning,
                .category = "gap",
                .text = describe(gap),
                .envelope = {}};
}

}  // namespace

std::optional<Moment> EventLog::Impl::make(const Envelope& e) {
  if (const auto* line = std::get_if<LogLine>(&e.event)) return ofLog(*line);
  if (const auto* game = std::get_if<GameEvent>(&e.event)) return plain(MomentKind::Game, *game, game->name);
  if (const auto* push = std::get_if<PushResult>(&e.event)) return ofPush(*push);
  if (const auto* action = std::get_if<ActionResult>(&e.event)) return ofAction(*action);
  if (const auto* change = std::get_if<ParameterChange>(&e.event)) return ofParameters(e, *change);
  if (const auto* hit = std::get_if<Hit>(&e.event)) return plain(MomentKind::Hit, *hit, "hit");
  if (const auto* mark = std::get_if<Mark>(&e.event)) {
    Moment m = plain(MomentKind::Mark, *mark, "mark");
    m.process = ProcessId(mark->domain);
    return m;
  }
  if (const auto* gap = std::get_if<Gap>(&e.event)) return ofGap(*gap);
  if (const auto* process = std::get_if<ProcessChange>(&e.event)) return of(*process);
  if (const auto* group = std::get_if<LinkGroup>(&e.event)) return of(*group);
  if (const auto* change = std::get_if<ChangeState>(&e.event)) return of(e, *change);
  if (const auto* agent = std::get_if<AgentChange>(&e.event)) return of(e.agent, *agent);
  return std::nullopt;
}

EventLog::EventLog(std::size_t budgetBytes) : impl_(std::make_unique<Impl>(budgetBytes)) {}
EventLog::~EventLog() = default;

void EventLog::on(const EnvelopePtr& envelope) {
  if (const auto* block = std::get_if<SampleBlock>(&envelope->event)) {
    if (!block->times.empty()) impl_->newest = std::max(impl_->newest, block->times.back());
    return;
  }
  auto moment = impl_->make(*envelope);
  if (!moment) return;
  if (moment->time == 0) moment->time = envelope->received != 0 ? envelope->received : impl_->newest;
  if (moment->time == 0) moment->time = momentOf(*envelope);
  if (moment->time == 0) moment->time = utcNowNs();
  impl_->newest = std::max(impl_->newest, moment->time);
  moment->envelope = envelope;
  std::optional<Key> instead;
  if (const auto known = impl_->known.find(identityOf(envelope->event)); known != impl_->known.end()) {
    instead = known->second;
  }
  impl_->put(std::move(*moment), instead);
}

std::uint64_t EventLog::revision() const {
  return impl_->revision.load(std::memory_order_acquire);
}

std::uint64_t EventLog::forgotten() const {
  return impl_->forgotten.load(std::memory_order_relaxed);
}

std::vector<Moment> EventLog::query(TimeNs from, TimeNs to, const MomentFilter& filter, std::size_t most) const {
  std::string text = filter.text;
  std::transform(text.begin(), text.end(), text.begin(), lower);
  std::vector<Moment> result;
  Key before{to, UINT64_MAX};
  while (result.size() < most) {
    const std::vector<MomentPtr> batch = impl_->batch(from, before);
    for (const MomentPtr& moment : batch) {
      if (result.size() < most && passes(*moment, filter, text)) result.push_back(*moment);
    }
    if (batch.size() < kBatch) break;
    before = {batch.back()->time, batch.back()->id};
  }
  std::reverse(result.begin(), result.end());
  return result;
}

}  // namespace qd::ingest
