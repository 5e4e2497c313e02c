// SPDX-License-Identifier: GPL-3.0-or-later
// What the parameter panel orders and tells beside its list: pushes and their conflicts, drift, favourites, what others
// stage, the comparison and the presets.
#include <QComboBox>
#include <QCoreApplication>
#include <QLabel>
#include <QMenu>
#include <QPointer>
#include <QSettings>
#include <QStackedWidget>
#include <QTreeView>
#include <algorithm>

#include "core/control/conflict.h"
#include "core/params/param_book.h"
#include "widgets/base/format.h"
#include "widgets/params/compare_page.h"
#include "widgets/params/param_model.h"
#include "widgets/params/params_panel.h"
#include "widgets/params/presets_page.h"

namespace qd::widgets {
namespace {

constexpr const char* kFavourites = "params/favourites";

}  // namespace

void ParamsPanel::setSources(const params::ChangeBook* changes, QSettings* settings) {
  changes_ = changes;
  settings_ = settings;
  presets_->setSource(changes, context().commands, context().who);
  if (settings == nullptr) return;
  for (const QString& name : settings->value(kFavourites).toStringList()) extras_.favourites.insert(name.toStdString());
  bookRevision_ = 0;
}

void ParamsPanel::toggleFavourite(const QString& name) {
  const std::string key = name.toStdString();
  if (extras_.favourites.erase(key) == 0) extras_.favourites.insert(key);
  bookRevision_ = 0;
  if (settings_ == nullptr) return;
  QStringList names;
  for (const std::string& favourite : extras_.favourites) names << QString::fromStdString(favourite);
  settings_->setValue(kFavourites, names);
}

void ParamsPanel::openMenu(const QPoint& at) {
  const ParamRow* row = model_->row(view_->indexAt(at));
  if (row == nullptr || row->heading) return;
  QMenu menu(this);
  const std::string name = row->spec.name;
  const bool may = context().commands != nullptr;
  const Value standard = row->spec.defaultValue;
  menu.addAction(row->favourite ? tr("No favourite any more") : tr("★ Favourite"), this,
                 [this, name] { toggleFavourite(QString::fromStdString(name)); });
  menu.addAction(tr("Stage the default"), this,
                 [this, name, standard] { stage(QString::fromStdString(name), standard); })
      ->setEnabled(may && row->changed());
  addConflictActions(menu, *row);
  if (row->drifted()) addDriftActions(menu, *row);
  menu.exec(view_->viewport()->mapToGlobal(at));
}

void ParamsPanel::addConflictActions(QMenu& menu, const ParamRow& row) {
  if (!row.staged || !row.staged->conflict || !row.live) return;
  menu.addSeparator();
  const std::string name = row.spec.name;
  const Value yours = row.staged->to;
  menu.addAction(
      tr("Stage my %1 over their %2").arg(valueText(yours, row.spec.unit), valueText(row.live->value, row.spec.unit)),
      this, [this, name, yours] {
        if (auto staged = context().params.stage(process(), name, yours); !staged) {
          say(QString::fromStdString(staged.error().message));
        }
      });
  menu.addAction(tr("Take theirs"), this, [this, name] { context().params.unstage(process(), name); });
}

void ParamsPanel::addDriftActions(QMenu& menu, const ParamRow& row) {
  menu.addSeparator();
  const bool may = context().commands != nullptr;
  const std::string name = row.spec.name;
  const Value wanted = *row.live->desired;
  menu.addAction(tr("Stage the wanted %1 again").arg(valueText(wanted, row.spec.unit)), this,
                 [this, name, wanted] {
                   if (auto staged = context().params.stage(process(), name, wanted); !staged) {
                     say(QString::fromStdString(staged.error().message));
                   }
                 })
      ->setEnabled(may);
  menu.addAction(tr("Accept the live %1").arg(valueText(row.live->value, row.spec.unit)), this,
                 [this, name] {
                   context().commands->adopt({process(), {name}, context().who.toStdString(), "", "drift accepted"},
                                             [](const Result<ingest::ParameterChange>&) {});
                 })
      ->setEnabled(may);
}

void ParamsPanel::showFacts() {
  const ParamRow* row = model_->row(view_->currentIndex());
  const bool known = row != nullptr && !row->heading;
  facts_->setVisible(known);
  if (!known) return;
  const QString description = QString::fromStdString(row->spec.description);
  facts_->setText(description.isEmpty() ? factsText(row->spec) : tr("%1\n%2").arg(factsText(row->spec), description));
}

void ParamsPanel::showDrift(const std::vector<ParamRow>& rows) {
  const auto drifted = static_cast<int>(std::ranges::count_if(rows, [](const ParamRow& row) { return row.drifted(); }));
  driftBar_->setVisible(drifted > 0);
  driftBar_->setEnabled(context().commands != nullptr);
  driftText_->setText(
      counted(drifted, tr("≠ 1 value is not what was pushed."), tr("≠ %1 values are not what was pushed.")));
}

// One click: what the last acknowledged push wanted is pushed again. What is dangerous goes the way over the review.
void ParamsPanel::restoreDrift() {
  control::PushOrder order;
  bool dangerous = false;
  for (const ParamRow& row : paramRows(context().params, process(), params::ParamBook::kNow, {.driftedOnly = true})) {
    if (row.heading) continue;
    dangerous = dangerous || row.spec.risk == ingest::Risk::Dangerous;
    order.assignments.push_back({row.spec.name, *row.live->desired, row.live->version});
  }
  if (order.assignments.empty()) return;
  if (dangerous) {
    for (const auto& assignment : order.assignments) stage(QString::fromStdString(assignment.name), assignment.value);
    return openReview();
  }
  order.pushId = control::newPushId();
  order.targets = {process()};
  order.who = context().who.toStdString();
  order.comment = "drift: back to what is wanted";
  send({std::move(order)});
}

void ParamsPanel::acceptDrift() {
  if (context().commands == nullptr) return;
  context().commands->adopt({process(), {}, context().who.toStdString(), "", "drift accepted"},
                            [guard = QPointer<ParamsPanel>(this)](const Result<ingest::ParameterChange>& done) {
                              if (done) return;
                              QMetaObject::invokeMethod(
                                  QCoreApplication::instance(),
                                  [guard, message = QString::fromStdString(done.error().message)] {
                                    if (guard != nullptr) guard->say(message);
                                  },
                                  Qt::QueuedConnection);
                            });
}

void ParamsPanel::shareStaging() {
  if (context().commands == nullptr || changes_ == nullptr) return;
  auto write = staging_.due(context().params.staged(), utcNowNs());
  if (write) context().commands->share(std::move(*write), [](const auto&) {});
}

void ParamsPanel::showComparison() {
  compare_->show(context().params, allServers(), shownAt_ == 0 ? params::ParamBook::kNow : shownAt_);
  pages_->setCurrentWidget(compare_);
  showEmpty(nullptr);
}

void ParamsPanel::showPresets() {
  presets_->show(targets());
  pages_->setCurrentWidget(presets_);
  showEmpty(nullptr);
}

void ParamsPanel::send(std::vector<control::PushOrder> orders) {
  if (context().commands == nullptr) return;
  params::ParamBook& book = context().params;
  for (control::PushOrder& order : orders) {
    book.markPending(order);
    const auto told = [guard = QPointer<ParamsPanel>(this), order](const auto& answer) {
      if (!answer) return;
      QMetaObject::invokeMethod(
          QCoreApplication::instance(),
          [guard, order, results = *answer] {
            if (guard != nullptr) guard->tellConflicts(order, results);
          },
          Qt::QueuedConnection);
    };
    params::pushAndSettle(*context().commands, book, order, told);
  }
}

// Refused because somebody else was faster: both values, and who has put theirs there.
void ParamsPanel::tellConflicts(const control::PushOrder& order, const std::vector<ingest::PushResult>& results) {
  QStringList lines;
  for (const ingest::PushResult& result : results) {
    for (const control::Assignment& asked : order.assignments) {
      const auto conflict = control::conflictIn(asked, result, context().params.value(result.process.id, asked.name));
      if (!conflict) continue;
      lines << tr("%1 refused %2")
                   .arg(QString::fromStdString(result.process.id.value),
                        QString::fromStdString(control::describe(*conflict)));
    }
  }
  if (!lines.isEmpty()) say(lines.join(u'\n'));
}

}  // namespace qd::widgets
