// SPDX-License-Identifier: GPL-3.0-or-later
// The bookmarks of the recording that is open: kept in the file beside it, each change at once. UI thread only.
#pragma once

#include <QObject>
#include <QString>
#include <vector>

#include "core/recording/notes.h"

namespace qd::widgets {

class Bookmarks final : public QObject {
  Q_OBJECT
 public:
  using Bookmark = recording::Note;

  explicit Bookmarks(const QString& recording, QObject* parent = nullptr);

  const std::vector<Bookmark>& all() const { return all_; }  // ascending in time
  const QString& problem() const { return problem_; }        // of the last reading or writing; empty: none

  // A change that cannot be written stays for this session; problem() and failed() say so.
  void add(Bookmark bookmark);
  void setText(std::size_t index, const QString& text);
  void remove(std::size_t index);

 Q_SIGNALS:
  void changed();
  void failed(const QString& sentence);

 private:
  void save();

  std::string recording_;
  std::vector<Bookmark> all_;
  QString problem_;
};

}  // namespace qd::widgets
