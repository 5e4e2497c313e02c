// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/bookmarks.h"

#include <algorithm>

namespace qd::widgets {

Bookmarks::Bookmarks(const QString& recording, QObject* parent) : QObject(parent), recording_(recording.toStdString()) {
  auto loaded = recording::loadNotes(recording_);
  if (loaded) {
    all_ = std::move(*loaded);
    std::stable_sort(all_.begin(), all_.end(), [](const Bookmark& a, const Bookmark& b) { return a.time < b.time; });
  } else {
    problem_ = QString::fromStdString(loaded.error().message);
  }
}

void Bookmarks::add(Bookmark bookmark) {
  const auto later = [](TimeNs time, const Bookmark& b) { return time < b.time; };
  all_.insert(std::upper_bound(all_.begin(), all_.end(), bookmark.time, later), std::move(bookmark));
  save();
}

void Bookmarks::setText(std::size_t index, const QString& text) {
  if (index >= all_.size() || all_[index].text == text.toStdString()) return;
  all_[index].text = text.toStdString();
  save();
}

void Bookmarks::remove(std::size_t index) {
  if (index >= all_.size()) return;
  all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(index));
  save();
}

void Bookmarks::save() {
  const auto saved = recording::saveNotes(recording_, all_);
  problem_ = saved ? QString() : QString::fromStdString(saved.error().message);
  Q_EMIT changed();
  if (!saved) Q_EMIT failed(problem_);
}

}  // namespace qd::widgets
