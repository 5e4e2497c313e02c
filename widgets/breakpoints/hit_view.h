// SPDX-License-Identifier: GPL-3.0-or-later
// One hit's bundle: for each member where it stands, its stack and locals or the site's context. UI thread only.
#pragma once

#include <QTreeWidget>

#include "core/ingest/events.h"

namespace qd::widgets {

class HitView final : public QTreeWidget {
  Q_OBJECT
 public:
  explicit HitView(QWidget* parent = nullptr);
  void show(const ingest::Hit& hit);
};

}  // namespace qd::widgets
