// SPDX-License-Identifier: GPL-3.0-or-later
// One process in the debug view: its source, threads, stack and locals at a stop, out of the hit's bundle or, while it
// stands, out of its debugger. Source comes from this machine, else through the agent, else out of the bundle. UI
// thread.
#pragma once

#include <QWidget>
#include <functional>
#include <optional>

#include "core/control/inspect.h"
#include "core/ingest/events.h"
#include "widgets/base/session_context.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QTreeWidget;

namespace qd::widgets {

class SourceView;
class VariablesTree;

class ProcessPane final : public QWidget {
  Q_OBJECT
 public:
  explicit ProcessPane(const SessionContext& context, QWidget* parent = nullptr);

  const ProcessId& process() const { return process_; }
  void setProcess(const ProcessId& process);
  // What the line under the name says.
  void setStanding(const QString& text);
  // `live`: it stands there now, so its debugger can be asked for more. `before`: the hit of it before this one.
  void showHit(const ingest::Hit& hit, bool live, const std::optional<ingest::Hit>& before);
  void running();  // nothing stands: the source stays, the rest empties
  void refreshMarks();
  std::int64_t thread() const;  // shown; 0: the one that stopped
  QString file() const;
  int caretLine() const;
  void openFile(const QString& file, int line);

 Q_SIGNALS:
  void toggled(const QString& file, int line);
  void activated();  // somebody works in it

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void build();
  void look(control::InspectOrder order, std::function<void(const control::Inspected&)> then,
            std::function<void(const QString&)> failed = {});
  void showFrames(const std::vector<control::DebugFrame>& frames);
  void chooseFrame(int row);
  void fromBundle();
  void showLine(const ingest::StackFrame& frame, bool top);
  bool fromDisk(const QString& file);
  bool fromHit(const QString& file, int line);
  void note(const QString& text);

  SessionContext context_;
  ProcessId process_;
  QLabel* name_;
  QLabel* standing_;
  QLineEdit* path_;
  QLabel* note_;
  SourceView* source_;
  QComboBox* threads_;
  QTreeWidget* stack_;
  VariablesTree* variables_;
  ingest::HitMember member_;
  std::string hitId_;
  std::vector<control::DebugFrame> frames_;
  std::uint64_t epoch_ = 0;  // of the debugger, for what is asked further
  int look_ = 0;             // answers of an earlier stop are dropped
  bool live_ = false;
  std::uint64_t marksRevision_ = 0;
};

}  // namespace qd::widgets
