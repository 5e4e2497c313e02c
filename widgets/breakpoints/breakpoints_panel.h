// SPDX-License-Identifier: GPL-3.0-or-later
// Linked breakpoints: the link group of the selected process, its breakpoints with what each member acknowledged, the
// hits so far, and the bundle of the one selected. Shows RegistryView and orders through CommandPort. UI thread only.
#pragma once

#include "widgets/base/panel.h"

#include "core/control/command_port.h"

class QLabel;
class QPushButton;
class QTreeWidget;

namespace qd::widgets {

class ArmForm;
class HitView;

class BreakpointsPanel final : public Panel {
  Q_OBJECT
 public:
  explicit BreakpointsPanel(const SessionContext& context, QWidget* parent = nullptr);

 public Q_SLOTS:
  void focusArm();  // F9
  void pause();

 protected:
  void refresh(bool second) override;

 private:
  void build();
  void connectAll();
  void link();
  void arm(const control::BreakpointOrder& order);
  void removeSelected();
  void toggleSelected();
  void fillBreakpoints(TimeNs at);
  void fillHits();
  void fillGroup(TimeNs at);
  void showHit();
  void say(const QString& sentence);
  control::DebugDone told();  // an answer's error becomes a sentence in the panel
  QStringList sites() const;
  TimeNs shownTime() const;

  EmptyState* empty_;
  QWidget* content_;
  QLabel* group_;
  QPushButton* link_;
  QPushButton* pause_;
  ArmForm* form_;
  QLabel* message_;
  QTreeWidget* breakpoints_;
  QTreeWidget* hits_;
  HitView* bundle_;
  std::uint64_t revision_ = 0, directoryRevision_ = 0;
  std::size_t hitsShown_ = 0;
  TimeNs shownAt_ = 0;
  std::string groupId_;
};

}  // namespace qd::widgets
