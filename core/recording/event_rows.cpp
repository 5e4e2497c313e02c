// SPDX-License-Identifier: Apache-2.0
#include "core/recording/event_rows.h"

#include <fmt/format.h>

#include "core/recording/event_json.h"

namespace qd::recording {

Result<Placed> EventRows::read(const Statement& row) {
  if (!hashMatches(row)) return fail(ErrorCode::Corrupt, "its checksum does not match");
  auto envelope = std::make_shared<ingest::Envelope>();
  const auto agent = file_.agents.find(row.integer(6));
  if (agent != file_.agents.end()) envelope->agent = agent->second;
  envelope->sequence = static_cast<std::uint64_t>(row.integer(8));
  envelope->previous = static_cast<std::uint64_t>(row.integer(9));
  envelope->received = row.integer(10);
  const std::string kind = row.text(5), body = row.text(11);
  Result<ingest::Event> event = kind == "process" ? readProcess(body) : fromJson(kind, body);
  if (!event) return std::unexpected(event.error());
  envelope->event = std::move(*event);
  return Placed{static_cast<std::uint64_t>(row.integer(1)), row.integer(2), std::move(envelope)};
}

Result<ingest::Event> EventRows::readProcess(const std::string& body) {
  Result<ProcessRow> process = processFromJson(body);
  if (!process) return std::unexpected(process.error());
  auto known = declarations_.find(process->declaration);
  if (known == declarations_.end()) {
    Result<Statement> row = file_.db.prepare("SELECT * FROM declarations WHERE id = ?");
    if (!row) return std::unexpected(row.error());
    row->bind(1, Cell(process->declaration));
    if (!row->step().value_or(false) || !hashMatches(*row)) {
      return fail(ErrorCode::Corrupt, fmt::format("its declaration {} is missing or damaged", process->declaration));
    }
    Result<ingest::ProcessInfo> info = declarationFromJson(row->text(2));
    if (!info) return std::unexpected(info.error());
    if (declarations_.size() >= kMostKept) declarations_.clear();
    known = declarations_.emplace(process->declaration, std::move(*info)).first;
  }
  ingest::ProcessChange change = std::move(process->change);
  ingest::ProcessInfo info = known->second;
  info.state = change.info.state;
  info.tick = change.info.tick;
  info.tickHz = change.info.tickHz;
  change.info = std::move(info);
  return ingest::Event(std::move(change));
}

}  // namespace qd::recording
