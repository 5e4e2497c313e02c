// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/keeping.h"

#include <QCoreApplication>
#include <QInputDialog>

#include "app/console/composition.h"
#include "app/console/session.h"
#include "widgets/base/format.h"

namespace qd::console {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("Keeping", text);
}

}  // namespace

void askKeep(Session& session, Composition& composition, QWidget& window) {
  const auto context = session.context();
  const auto loop = context.clock.loop();
  const TimeNs from = loop ? loop->from : context.clock.viewFrom(), to = loop ? loop->to : context.clock.viewTo();
  const auto moment = [](TimeNs at) { return widgets::formatUtc(at, widgets::Precision::Milliseconds); };
  auto* dialog = new QInputDialog(&window);
  dialog->setObjectName(QStringLiteral("keepDialog"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Keep this stretch"));
  dialog->setLabelText(
      (loop ? tr("What is repeated, %1 to %2.") : tr("What the plots show, %1 to %2.")).arg(moment(from), moment(to)) +
      QLatin1Char('\n') + tr("It becomes a recording of its own that is never thrown away. Name:"));
  dialog->setTextValue(QString::fromStdString(session.request().context.name));
  dialog->setOkButtonText(tr("Keep"));
  QObject::connect(dialog, &QInputDialog::textValueSelected, &composition,
                   [&composition, from, to](const QString& name) { composition.keepStretch(name, from, to); });
  dialog->open();
}

}  // namespace qd::console
