// SPDX-License-Identifier: GPL-3.0-or-later
// One session as the window sees it: the core, and what panels share (view clock, selection). Moves the clock along
// once a frame. UI thread; the core may be torn down elsewhere after release().
#pragma once

#include <QObject>
#include <memory>
#include <optional>

#include "app/console/session_core.h"
#include "widgets/base/selection.h"
#include "widgets/base/session_context.h"
#include "widgets/base/view_clock.h"
#include "widgets/session/session_request.h"
#include "widgets/session/status_line.h"
#include "widgets/timeline/bookmarks.h"

namespace qd::console {

class Session final : public QObject {
  Q_OBJECT
 public:
  Session(session::SessionRequest request, std::unique_ptr<SessionCore> core, widgets::FrameTick& ticker,
          QObject* parent = nullptr);

  const session::SessionRequest& request() const { return request_; }
  bool isReplay() const { return core_->isReplay(); }
  bool isReadOnly() const { return request_.context.readOnly; }
  widgets::SessionContext context();
  SessionCore& core() { return *core_; }
  session::StatusNumbers status();  // about once a second
  void mark();                      // a mark at the shown moment, for everybody who is attached
  widgets::Bookmarks* bookmarks() { return bookmarks_.get(); }  // of a recording; null: live
  ingest::Mark shownMoment() const;
  void bookmark(const ingest::Mark& moment, const QString& note);  // in a recording
  std::unique_ptr<SessionCore> release();  // for tearing down on another thread; panels must be gone

 private:
  void advance(TimeNs elapsed);
  void declareSelection();

  session::SessionRequest request_;
  std::unique_ptr<SessionCore> core_;
  widgets::FrameTick& ticker_;
  widgets::ViewClock clock_;
  widgets::Selection selection_;
  std::unique_ptr<widgets::Bookmarks> bookmarks_;
  ingest::InterestSet interest_;
  std::uint64_t lastPoints_ = 0;
  TimeNs lastPointsAt_ = 0;
  std::uint64_t lastBytes_ = 0;
};

}  // namespace qd::console
