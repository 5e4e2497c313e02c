// SPDX-License-Identifier: GPL-3.0-or-later
// The list of bookmarks: click goes there, the note is edited in place, Delete removes. Not modal: the window behind it
// can be used. UI thread only.
#pragma once

#include <QDialog>

#include "widgets/base/session_context.h"

class QLabel;
class QTableWidget;

namespace qd::widgets {

class Bookmarks;

class BookmarksDialog final : public QDialog {
  Q_OBJECT
 public:
  BookmarksDialog(Bookmarks& bookmarks, const SessionContext& context, QWidget* parent = nullptr);

 Q_SIGNALS:
  void addRequested();

 private:
  void fill();
  void removeCurrent();

  Bookmarks& bookmarks_;
  SessionContext context_;
  QTableWidget* table_;
  QLabel* empty_;
  bool filling_ = false;
};

}  // namespace qd::widgets
