// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/bookmarking.h"

#include <QCoreApplication>
#include <QInputDialog>

#include "app/console/session.h"
#include "widgets/base/format.h"

namespace qd::console {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("Bookmarking", text);
}

}  // namespace

void askBookmark(Session& session, QWidget& window) {
  const ingest::Mark moment = session.shownMoment();
  auto* dialog = new QInputDialog(&window);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Bookmark"));
  dialog->setLabelText(
      tr("Note for %1 (may stay empty)").arg(widgets::formatUtc(moment.time, widgets::Precision::Milliseconds)));
  QObject::connect(dialog, &QInputDialog::textValueSelected, &session,
                   [&session, moment](const QString& note) { session.bookmark(moment, note); });
  dialog->open();
}

}  // namespace qd::console
