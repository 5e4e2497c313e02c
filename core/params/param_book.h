// SPDX-License-Identifier: Apache-2.0
// Parameters as the console knows them: what each process has (now or at any moment), what is staged, what was pushed
// and how it ended. Holds the rules of staging (validation against the spec, conflicts with a live change), so that a
// widget shows them and nothing more. on() on the source thread; everything else on any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/control/command_port.h"
#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"

namespace qd::params {

struct StagedEdit {
  ProcessId process;
  std::string name;
  Value from;  // live value when it was staged
  std::uint64_t fromVersion = 0;
  Value to;
  bool conflict = false;  // the live version moved on since
};

struct PushRecord {
  std::string pushId;
  TimeNs time = 0;
  std::string who, comment;
  std::vector<ingest::PushResult> results;  // one a target, Pending until answered
};

class ParamBook final : public ingest::EventSink {
 public:
  static constexpr TimeNs kNow = INT64_MAX;

  ParamBook();
  ~ParamBook() override;
  void on(const ingest::EnvelopePtr& envelope) override;

  std::uint64_t revision() const;  // +1 at every change of values, staged edits or pushes
  std::optional<ingest::ParameterSpec> spec(const ProcessId& process, const std::string& name) const;
  std::vector<ingest::ParameterSpec> specs(const ProcessId& process) const;
  std::optional<ingest::ParameterValue> value(const ProcessId& process, const std::string& name,
                                              TimeNs asOf = kNow) const;

  // Staging. Errors: InvalidArgument naming range, type or choices; NotFound.
  static Result<> validate(const ingest::ParameterSpec& spec, const Value& value);
  Result<> stage(const ProcessId& process, const std::string& name, const Value& value);
  void unstage(const ProcessId& process, const std::string& name);
  void unstageAll();
  bool undo();  // of the last stage/unstage; false: nothing to undo
  std::vector<StagedEdit> staged() const;

  // The staged edits as orders, one an equal set of assignments (processes that get the same values share one push).
  // Versions are checked by the process. The edits leave the stage; markPending() makes them visible as Pending.
  std::vector<control::PushOrder> takeOrders(const std::string& who, const std::string& comment);
  void markPending(const control::PushOrder& order);
  // The answer of CommandPort::push, also an error (then every target without a result becomes Unknown).
  void resolve(const std::string& pushId, const Result<std::vector<ingest::PushResult>>& answer);
  std::vector<PushRecord> pushes() const;  // oldest first
  // Orders that put back what the last applied push changed, only where its version still stands. Empty: nothing.
  std::vector<control::PushOrder> revertLast(const std::string& who) const;
  // The same of one push. Errors: NotFound for one that this session has not seen.
  Result<std::vector<control::PushOrder>> revertOf(const std::string& pushId, const std::string& who) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::params
