// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/ledger_panel.h"

#include <QCoreApplication>
#include <QHeaderView>
#include <QPointer>
#include <QThreadPool>
#include <QTreeWidget>
#include <algorithm>

#include "core/ingest/directory.h"
#include "core/params/param_book.h"
#include "core/series/store.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"

namespace qd::widgets {
namespace {

constexpr TimeNs kWindow = analysis::EffectOptions{}.window.ns;
constexpr std::size_t kMostPushes = 50;  // the newest

const std::vector<std::string>& watched() {
  static const std::vector<std::string> names{"tick.duration", "players.online", "net.rtt", "net.bandwidth",
                                              "interp.error"};
  return names;
}

}  // namespace

QString differenceText(const analysis::Difference& d, const std::string& unit) {
  const double most = std::max({std::abs(d.delta), std::abs(d.low), std::abs(d.high)});
  const UnitView view = unitView(unit, most);
  const auto number = [&](double value) { return formatNumber(value * view.factor); };
  const QString range = LedgerPanel::tr("%1 to %2").arg(number(d.low), number(d.high));
  if (!d.real()) return LedgerPanel::tr("none found (%1 %2)").arg(range, view.unit);
  return QStringLiteral("%1%2 %3 (%4)")
      .arg(d.delta > 0 ? QStringLiteral("+") : QString(), number(d.delta), view.unit, range);
}

LedgerPanel::LedgerPanel(const SessionContext& context, QWidget* parent)
    : Panel(tr("Ledger"), context, parent),
      table_(new QTreeWidget),
      empty_(new EmptyState(tr("No push so far"),
                            tr("Each push is compared here with the 20 s before it, untouched servers taken off."),
                            QString(), this)) {
  titleBar()->hide();  // it stands in a tab of its own name
  table_->setHeaderLabels(
      {tr("Push"), tr("Series"), tr("Δ p50 (99 %)"), tr("Δ p99 (99 %)"), tr("Settled"), tr("Control")});
  table_->setRootIsDecorated(false);
  table_->setUniformRowHeights(true);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setObjectName(QStringLiteral("ledgerTable"));
  table_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  setContent(table_);
  connect(table_, &QTreeWidget::itemClicked, this, [this](const QTreeWidgetItem* item) {
    this->context().clock.goTo(item->data(0, Qt::UserRole).toLongLong());
  });
  showEmpty(empty_);
}

// Anew when a push came, and while the newest one's second window still fills.
void LedgerPanel::refresh(bool second) {
  const bool news = context().params.revision() != revision_;
  const bool filling = second && context().clock.now() < newestPush_ + kWindow + 2 * kNsPerSecond;
  if (busy_ || (!news && !filling)) return;
  if (utcNowNs() - computedAt_ < kNsPerSecond) return;
  revision_ = context().params.revision();
  compute();
}

void LedgerPanel::compute() {
  std::vector<ingest::PushResult> results;
  for (const auto& record : context().params.pushes()) {
    results.insert(results.end(), record.results.begin(), record.results.end());
  }
  std::vector<analysis::LedgerPush> pushes = analysis::ledgerPushes(results);
  newestPush_ = pushes.empty() ? 0 : pushes.back().time;
  if (pushes.size() > kMostPushes) pushes.erase(pushes.begin(), pushes.end() - kMostPushes);
  if (pushes.empty()) return show({});
  std::vector<ProcessId> servers;
  for (const auto& info : context().directory.processes()) {
    if (info->kind == ingest::ProcessKind::Server) servers.push_back(info->id);
  }
  busy_ = true;
  computedAt_ = utcNowNs();
  // The store outlives the panels, and the pool's job is waited for before the session goes (see ~Workspace).
  QThreadPool::globalInstance()->start([guard = QPointer<LedgerPanel>(this), &store = context().store,
                                        pushes = std::move(pushes), servers = std::move(servers)] {
    auto rows = std::make_shared<std::vector<analysis::LedgerRow>>(analysis::ledger(store, pushes, servers, watched()));
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [guard, rows] {
          if (guard == nullptr) return;
          guard->busy_ = false;
          guard->show(std::move(*rows));
        },
        Qt::QueuedConnection);
  });
}

void LedgerPanel::show(std::vector<analysis::LedgerRow> rows) {
  rows_ = std::move(rows);
  showEmpty(rows_.empty() ? empty_ : nullptr);
  table_->clear();
  const Colors& colors = colorsOf(this);
  for (const analysis::LedgerRow& row : rows_) {
    const analysis::Effect& e = row.effect;
    const bool known = e.lacking.empty();
    auto* item = new QTreeWidgetItem(
        table_,
        {QString::fromStdString(row.push.what), QString::fromStdString(row.series),
         known ? differenceText(e.p50, row.unit) : QString::fromStdString(e.lacking),
         known ? differenceText(e.p99, row.unit) : noData(), e.settled ? formatSpan(e.settled->ns) : noData(),
         e.controls == 0 ? tr("none") : counted(static_cast<qint64>(e.controls), tr("1 server"), tr("%1 servers"))});
    item->setData(0, Qt::UserRole, static_cast<qlonglong>(row.push.time));
    item->setToolTip(0, tr("%1 at tick %2 by %3\n%4")
                            .arg(QString::fromStdString(row.push.id), formatTick(row.push.tick),
                                 QString::fromStdString(row.push.who), QString::fromStdString(row.push.comment)));
    for (const int column : {2, 3}) {
      item->setFont(column, numberFont());
      const bool real = known && (column == 2 ? e.p50.real() : e.p99.real());
      item->setForeground(column, real ? colors.text : colors.muted);
    }
  }
}

}  // namespace qd::widgets
