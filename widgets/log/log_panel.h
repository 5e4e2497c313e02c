// SPDX-License-Identifier: GPL-3.0-or-later
// Log and events: filter by text, level, kind and process; a click takes every panel to the line's tick; follows the
// tail, or the moment that is shown where that is not the live one, until one scrolls. UI thread.
#pragma once

#include "core/ingest/event_log.h"
#include "widgets/base/panel.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QTableView;
class QToolButton;

namespace qd::widgets {
class EmptyState;
}

namespace qd::log {

class MomentModel;

class LogPanel final : public widgets::Panel {
  Q_OBJECT
 public:
  explicit LogPanel(const widgets::SessionContext& context, QWidget* parent = nullptr);
  ~LogPanel() override;

 protected:
  void refresh(bool second) override;

 private:
  QWidget* makeFilterRow();
  void makeTable();
  void applyFilter();
  void followPlayer();
  void openRow(int row);
  void noteScroll();
  void follow();
  int rowOfNow() const;  // the last one that is not later than what is shown; -1: none
  void showCounts();

  MomentModel* model_;
  QTableView* table_;
  QLineEdit* text_;
  QComboBox* level_;
  QComboBox* kind_;
  QCheckBox* onlySelected_;
  QCheckBox* onlyPlayer_;  // there while a player is followed
  QToolButton* follow_;
  widgets::EmptyState* empty_;
  TimeNs asked_ = 0;
  int followed_ = -1;  // the row that was scrolled to
};

}  // namespace qd::log
