// SPDX-License-Identifier: GPL-3.0-or-later
// Named sets of values (storm night, launch day) that all consoles share: what each would change where, staging it,
// saving what a process has, import and export as TOML. UI thread only.
#pragma once

#include <QWidget>
#include <optional>

#include "core/control/command_port.h"
#include "core/ingest/directory.h"
#include "core/params/change_book.h"
#include "core/params/param_book.h"
#include "core/params/preset.h"

class QLabel;
class QListWidget;
class QPushButton;
class QTreeWidget;

namespace qd::widgets {

class PresetsPage final : public QWidget {
  Q_OBJECT
 public:
  PresetsPage(params::ParamBook& book, ingest::Directory& directory, QWidget* parent = nullptr);
  // `changes`: where the shared ones are; null: there are none. `commands` null: nothing can be changed.
  void setSource(const params::ChangeBook* changes, control::CommandPort* commands, const QString& who);
  void show(const std::vector<ProcessId>& targets);  // against which they are compared

 Q_SIGNALS:
  void left();
  void staged(int edits);
  void failed(const QString& sentence);

 private:
  void fill();
  void compare();
  void stage();
  void save();
  void importFile();
  void exportFile();
  void remove();
  void write(const params::Preset& preset, bool removed);
  std::vector<ingest::ParameterValue> liveOf(const ingest::ProcessInfo& process) const;
  std::optional<params::Preset> chosen() const;

  params::ParamBook& book_;
  ingest::Directory& directory_;
  const params::ChangeBook* changes_ = nullptr;
  control::CommandPort* commands_ = nullptr;
  QString who_;
  std::vector<ProcessId> targets_;
  std::vector<params::PresetDifference> differences_;
  QListWidget* list_;
  QTreeWidget* diff_;
  QLabel* note_;
  QPushButton *stage_, *save_, *import_, *export_, *remove_;
  std::uint64_t shown_ = 0;
};

}  // namespace qd::widgets
