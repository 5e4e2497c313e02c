// SPDX-License-Identifier: Apache-2.0
#include "core/recording/writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/recording/event_json.h"
#include "core/recording/frame_codec.h"
#include "core/recording/schema.h"
#include "core/recording/writer_impl.h"

namespace qd::recording {

using namespace ingest;

namespace {

Tick tickOf(const Event& event) {
  return std::visit(
      [](const auto& e) -> Tick {
        if constexpr (requires { e.info.tick; }) return e.info.tick;
        if constexpr (requires { e.tick; }) return e.tick;
        return 0;
      },
      event);
}

// What tells one file from another that takes its name.
struct Identity {
  std::uint64_t device = 0, inode = 0;
};
Result<Identity> identityOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return failErrno(path, errno);
  return Identity{status.st_dev, status.st_ino};
}

Result<> reserveFile(const std::string& path) {
  if (::access((path + "-wal").c_str(), F_OK) == 0) {
    return fail(ErrorCode::Conflict,
                fmt::format("{0}-wal is left over from another recording; move it away or record to another name than "
                            "{0}.",
                            path));
  }
  const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) {
    return fail(ErrorCode::Conflict,
                fmt::format("{} exists already and is left as it is; record to another name.", path));
  }
  if (fd < 0) {
    const int error = errno;
    return fail(failErrno("", error).error().code,
                fmt::format("Cannot create the recording {} ({}); choose a folder that exists and can be written to.",
                            path, std::generic_category().message(error)));
  }
  ::close(fd);
  return {};
}

// A block of the process's own rings that is in the file already, where the process is seen through two agents. What
// the console or an agent adds (from 0x8000 on) is numbered by each for itself.
bool cameThroughAnother(ProcessState& state, const SampleBlock& block) {
  constexpr std::uint32_t kFirstAdded = 0x8000;
  if (block.late || block.ring >= kFirstAdded) return false;
  const bool fresh = state.start->blocks[block.ring].add(block.firstSequence, block.count);
  return !fresh && state.start->rows > 1;
}

}  // namespace

Result<> Writer::Impl::prepare(const std::string& program) {
  // Nothing is lost with an empty file, so its making does not wait for a disk that is busy with others.
  std::string setup = fmt::format(
      "PRAGMA synchronous=OFF; PRAGMA page_size={}; PRAGMA application_id={}; PRAGMA user_version={}; PRAGMA "
      "journal_mode=WAL; "
      "BEGIN; ",
      kPageSize, kApplicationId, kFormat);
  for (const TableSpec& spec : recording::tables()) setup.append(spec.sql).append("; ");
  for (const TableSpec& spec : helpers()) setup.append(spec.sql).append("; ");
  if (Result<> made = db.run(setup); !made) return made;
  for (const TableSpec& spec : recording::tables()) {
    const Result<std::int64_t> columns =
        db.integer(fmt::format("SELECT count(*) FROM pragma_table_info('{}')", spec.name));
    if (!columns) return std::unexpected(columns.error());
    std::string marks = "?";
    for (std::int64_t i = 1; i < *columns; ++i) marks += ",?";
    Result<Statement> insert = db.prepare(fmt::format("INSERT OR REPLACE INTO {} VALUES({})", spec.name, marks));
    if (!insert) return std::unexpected(insert.error());
    tables.emplace(spec.name, Table{std::move(*insert)});
  }
  for (const Result<>& put : {meta(1, "format", integer(kFormat)), meta(2, "program", text(program)),
                              meta(3, "created_ns", Cell(utcNowNs())), meta(4, "complete", integer(0))}) {
    if (!put) return put;
  }
  return db.run("COMMIT; PRAGMA synchronous=NORMAL");
}

Result<> Writer::Impl::meta(std::int64_t id, std::string_view key, Cell value) {
  const auto put = table("meta").put(id, {key, value});
  if (!put) return std::unexpected(put.error());
  table("meta").rows = std::max(table("meta").rows, id);
  return {};
}

Result<std::int64_t> Writer::Impl::agentRow(const AgentId& agent) {
  const auto found = agents.find(agent);
  if (found != agents.end()) return found->second;
  const auto row = table("agents").add({text(agent.value)});
  if (row) agents.emplace(agent, *row);
  return row;
}

Result<ProcessState*> Writer::Impl::process(const AgentId& agent, const ProcessRef& ref) {
  const auto [at, fresh] = processes.try_emplace(std::tuple(agent, ref.id, ref.instance));
  ProcessState& state = at->second;
  if (!fresh) return &state;
  const auto agentId = agentRow(agent);
  if (!agentId) return std::unexpected(agentId.error());
  const auto row = table("processes").add({*agentId, text(ref.id.value), integer(ref.instance.value)});
  if (!row) return std::unexpected(row.error());
  state.row = *row;
  state.ref = ref;
  state.start = &starts[{ref.id, ref.instance}];
  ++state.start->rows;
  return &state;
}

Result<> Writer::Impl::addEvent(const Placed& placed, std::string_view kind, const std::string& body) {
  const Envelope& e = *placed.envelope;
  const auto agent = agentRow(e.agent);
  if (!agent) return std::unexpected(agent.error());
  const std::string process = processOf(e.event).value;
  const auto row = table("events").add({integer(placed.ord), Cell(placed.at), Cell(timeOf(e.event)),
                                        Cell(tickOf(e.event)), kind, *agent, text(process), integer(e.sequence),
                                        integer(e.previous), Cell(e.received), text(body)});
  if (!row) return std::unexpected(row.error());
  return {};
}

Result<> Writer::Impl::declare(ProcessState& state, const SeriesInfo& info) {
  state.scales[info.index.value] = info.integer ? info.scale : 0;
  const std::string dimensions = dimensionsJson(info);
  const std::string says =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", info.name, info.unit, info.integer, info.scale, dimensions, info.derived);
  const auto found = state.series.find(info.index.value);
  if (found != state.series.end() && found->second.second == says) return {};
  std::vector<Cell> cells{Cell(state.row),  integer(info.index.value), text(info.name),
                          text(info.unit),  integer(info.integer),     Cell(std::int64_t{info.scale}),
                          text(dimensions), integer(info.derived)};
  Table& series = table("series");
  const auto row =
      found == state.series.end() ? series.add(std::move(cells)) : series.put(found->second.first, std::move(cells));
  if (!row) return std::unexpected(row.error());
  state.series[info.index.value] = {*row, says};
  return {};
}

Result<> Writer::Impl::takeProcess(const Placed& placed, const ProcessChange& change) {
  const auto found = process(placed.envelope->agent, {change.info.id, change.info.instance});
  if (!found) return std::unexpected(found.error());
  ProcessState& state = **found;
  std::string declaration = declarationJson(change.info);
  if (state.declaration != declaration) {
    const auto row = table("declarations").add({Cell(state.row), text(declaration)});
    if (!row) return std::unexpected(row.error());
    state.declarationId = *row;
    state.declaration = std::move(declaration);
    for (const SeriesInfo& info : change.info.series) {
      if (Result<> declared = declare(state, info); !declared) return declared;
    }
  }
  return addEvent(placed, "process", processJson(change, state.declarationId));
}

Result<> Writer::Impl::refuse(const Placed& placed, const ProcessRef& ref, std::uint64_t lost) {
  const TimeNs time = timeOf(placed.envelope->event);
  auto gap = std::make_shared<Envelope>();
  gap->agent = placed.envelope->agent;
  gap->event = Gap{ref.id, time, time, lost, "a malformed block arrived whose columns do not fit together"};
  return addEvent({placed.ord, placed.at, gap}, "gap", toJson(gap->event));
}

Result<> Writer::Impl::takeBlock(const Placed& placed, const SampleBlock& block) {
  const std::uint64_t n = pointsOf(block);
  if (!isSound(block)) return refuse(placed, block.process, n);
  const auto state = process(placed.envelope->agent, block.process);
  if (!state) return std::unexpected(state.error());
  if (cameThroughAnother(**state, block)) return {};
  (*state)->fresh.push_back(placed);
  (*state)->freshPoints += n;
  (*state)->freshBytes += sizeInBytes(*placed.envelope);
  points += n;
  return {};
}

Result<> Writer::Impl::takeColumnar(std::size_t kind, const Placed& placed, const ProcessRef& ref) {
  const auto state = process(placed.envelope->agent, ref);
  if (!state) return std::unexpected(state.error());
  (*state)->columnar[kind].push_back(placed);
  return {};
}

Result<> Writer::Impl::take(const EnvelopePtr& envelope) {
  const Placed placed = placer.place(envelope);
  const Event& event = envelope->event;
  if (const auto* block = std::get_if<SampleBlock>(&event)) return takeBlock(placed, *block);
  if (const auto* change = std::get_if<ProcessChange>(&event)) return takeProcess(placed, *change);
  if (const auto* rollup = std::get_if<Rollup>(&event)) return takeColumnar(2, placed, rollup->process);
  if (const auto* frame = std::get_if<EntityFrame>(&event)) {
    return isSound(*frame) ? takeColumnar(0, placed, frame->process) : refuse(placed, frame->process, 1);
  }
  if (const auto* block = std::get_if<FrameBlock>(&event)) {
    return isSound(*block) ? takeColumnar(1, placed, block->process) : refuse(placed, block->process, 1);
  }
  if (const auto* derived = std::get_if<DerivedSeries>(&event)) {
    const auto state = process(envelope->agent, derived->process);
    if (!state) return std::unexpected(state.error());
    if (Result<> declared = declare(**state, derived->info); !declared) return declared;
  }
  return addEvent(placed, kindOf(event), toJson(event));
}

Result<> Writer::Impl::transact(const std::vector<EnvelopePtr>& second) {
  if (Result<> begun = db.run("BEGIN IMMEDIATE"); !begun) return begun;
  for (const EnvelopePtr& envelope : second) {
    if (Result<> taken = take(envelope); !taken) return taken;
  }
  for (auto& [key, state] : processes) {
    if (Result<> flushed = flush(state); !flushed) return flushed;
  }
  if (Result<> folded = foldTheBiggest(); !folded) return folded;
  return db.run("COMMIT");
}

Result<std::unique_ptr<Writer>> Writer::create(const std::string& path, const std::string& program,
                                               const WriterLimits& limits) {
  if (Result<> reserved = reserveFile(path); !reserved) return std::unexpected(reserved.error());
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  const Result<Identity> identity = identityOf(path);
  if (!identity) return std::unexpected(identity.error());
  impl->device = identity->device;
  impl->inode = identity->inode;
  impl->limits = limits;
  Result<Database> db = Database::open(path, SQLITE_OPEN_READWRITE);
  if (!db) return fail(db.error().code, fmt::format("Cannot write the recording {}: {}.", path, db.error().message));
  impl->db = std::move(*db);
  if (Result<> prepared = impl->prepare(program); !prepared) {
    impl.reset();
    ::unlink(path.c_str());
    return fail(prepared.error().code, fmt::format("Cannot write the recording {} ({}); choose another folder.", path,
                                                   prepared.error().message));
  }
  return std::unique_ptr<Writer>(new Writer(std::move(impl)));
}

// The system goes on writing into a file that has lost its name, where nobody will find it.
Result<> Writer::Impl::stillThere() const {
  const Result<Identity> now = identityOf(path);
  if (now && now->device == device && now->inode == inode) return {};
  return fail(ErrorCode::NotFound,
              fmt::format("The recording {} was moved or deleted, or its volume is gone, while it was being written; "
                          "nothing more is recorded: record to another file.",
                          path));
}

Writer::Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Writer::~Writer() = default;

std::uint64_t Writer::points() const {
  return impl_->points;
}

Result<> Writer::commit(const std::vector<EnvelopePtr>& second) {
  if (second.empty()) return {};
  if (Result<> there = impl_->stillThere(); !there) return there;
  Result<> done = impl_->transact(second);
  if (done) return done;
  if (sqlite3_get_autocommit(impl_->db.handle()) == 0) (void)impl_->db.run("ROLLBACK");
  return fail(
      done.error().code,
      fmt::format("The recording {} cannot be written any more ({}); {}: make room or record to another folder.",
                  impl_->path, done.error().message, kKept));
}

// Gives back the pages of the folded tails where they are a share of the file that counts: a short recording's. Not
// worth failing for.
void Writer::Impl::compact() {
  constexpr std::int64_t kMostPages = 16'384;
  const std::int64_t pages = db.integer("PRAGMA page_count").value_or(0);
  const std::int64_t unused = db.integer("PRAGMA freelist_count").value_or(0);
  if (unused * 32 < pages || pages > kMostPages) return;
  (void)db.run("PRAGMA temp_store=MEMORY; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<> Writer::finish() {
  Impl& w = *impl_;
  const auto all = [&]() -> Result<> {
    if (Result<> begun = w.db.run("BEGIN IMMEDIATE"); !begun) return begun;
    for (auto& [key, state] : w.processes) {
      if (Result<> folded = w.fold(state); !folded) return folded;
      if (Result<> written = w.writeTotals(state); !written) return written;
    }
    std::int64_t id = w.table("meta").rows;
    if (Result<> put = w.meta(4, "complete", integer(1)); !put) return put;
    if (Result<> put = w.meta(++id, "closed_ns", Cell(utcNowNs())); !put) return put;
    for (const TableSpec& spec : recording::tables()) {
      if (spec.name == "meta" || spec.name == "tails") continue;
      const std::string key = fmt::format("rows.{}", spec.name);
      if (Result<> put = w.meta(++id, key, Cell(w.table(spec.name).rows)); !put) return put;
    }
    if (Result<> done = w.db.run("COMMIT"); !done) return done;
    if (Result<> done = w.db.run("PRAGMA wal_checkpoint(TRUNCATE)"); !done) return done;
    w.tables.clear();
    w.compact();
    // May be refused while somebody reads; the file is complete all the same, only the -wal stays until they leave.
    (void)w.db.run("PRAGMA journal_mode=DELETE");
    return w.db.close();
  };
  Result<> done = all();
  if (done) return done;
  if (w.db.handle() != nullptr && sqlite3_get_autocommit(w.db.handle()) == 0) (void)w.db.run("ROLLBACK");
  return fail(done.error().code,
              fmt::format("The recording {} could not be closed cleanly ({}); what it holds is kept and it opens.",
                          w.path, done.error().message));
}

}  // namespace qd::recording
