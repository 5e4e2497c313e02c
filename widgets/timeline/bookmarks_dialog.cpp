// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/bookmarks_dialog.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QTableWidget>
#include <QVBoxLayout>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/timeline/bookmarks.h"

namespace qd::widgets {
namespace {

enum Column { Time, AtTick, Note, Who, Columns };

QTableWidgetItem* fixed(const QString& text) {
  auto* item = new QTableWidgetItem(text);
  item->setFlags(item->flags() & ~Qt::ItemIsEditable);
  item->setFont(numberFont(kSmallPx));
  return item;
}

}  // namespace

BookmarksDialog::BookmarksDialog(Bookmarks& bookmarks, const SessionContext& context, QWidget* parent)
    : QDialog(parent),
      bookmarks_(bookmarks),
      context_(context),
      table_(new QTableWidget(0, Columns)),
      empty_(new QLabel) {
  setWindowTitle(tr("Bookmarks"));
  setAttribute(Qt::WA_DeleteOnClose);
  resize(620, 320);
  table_->setHorizontalHeaderLabels({tr("UTC"), tr("Tick"), tr("Note"), tr("By")});
  table_->verticalHeader()->hide();
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
  table_->setShowGrid(false);
  table_->horizontalHeader()->setSectionResizeMode(Note, QHeaderView::Stretch);
  table_->setColumnWidth(Time, 116);
  table_->setColumnWidth(AtTick, 140);
  empty_->setText(tr("No bookmarks yet: B sets one at the shown moment, with a note."));
  empty_->setWordWrap(true);
  empty_->setForegroundRole(QPalette::PlaceholderText);
  auto* add = new QPushButton(tr("Bookmark this moment  B"));
  auto* remove = new QPushButton(tr("Delete"));
  add->setAutoDefault(false);
  remove->setAutoDefault(false);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(add);
  buttons->addStretch(1);
  buttons->addWidget(remove);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(empty_);
  layout->addWidget(table_, 1);
  layout->addLayout(buttons);
  connect(add, &QPushButton::clicked, this, &BookmarksDialog::addRequested);
  connect(remove, &QPushButton::clicked, this, &BookmarksDialog::removeCurrent);
  connect(new QShortcut(QKeySequence::Delete, table_), &QShortcut::activated, this, &BookmarksDialog::removeCurrent);
  connect(new QShortcut(QKeySequence(Qt::Key_B), this), &QShortcut::activated, this, &BookmarksDialog::addRequested);
  connect(table_, &QTableWidget::cellClicked, this,
          [this](int row, int) { context_.clock.goTo(bookmarks_.all()[static_cast<std::size_t>(row)].time); });
  connect(table_, &QTableWidget::itemChanged, this, [this](QTableWidgetItem* item) {
    if (!filling_ && item->column() == Note) bookmarks_.setText(static_cast<std::size_t>(item->row()), item->text());
  });
  connect(&bookmarks_, &Bookmarks::changed, this, &BookmarksDialog::fill, Qt::QueuedConnection);
  fill();
}

void BookmarksDialog::fill() {
  filling_ = true;
  const int current = table_->currentRow();
  const auto& all = bookmarks_.all();
  table_->setRowCount(static_cast<int>(all.size()));
  for (int row = 0; row < table_->rowCount(); ++row) {
    const auto& b = all[static_cast<std::size_t>(row)];
    auto* time = fixed(formatUtc(b.time, Precision::Milliseconds));
    time->setToolTip(formatLocal(b.time));
    table_->setItem(row, Time, time);
    const QString tick = b.tick == 0 ? noData() : formatTick(b.tick);
    table_->setItem(row, AtTick,
                    fixed(b.domain.empty() ? tick : tr("%1 · %2").arg(tick, QString::fromStdString(b.domain))));
    table_->setItem(row, Note, new QTableWidgetItem(QString::fromStdString(b.text)));
    table_->setItem(row, Who, fixed(QString::fromStdString(b.who)));
  }
  if (current >= 0 && current < table_->rowCount()) table_->setCurrentCell(current, Note);
  empty_->setVisible(all.empty());
  filling_ = false;
}

void BookmarksDialog::removeCurrent() {
  if (table_->currentRow() >= 0) bookmarks_.remove(static_cast<std::size_t>(table_->currentRow()));
}

}  // namespace qd::widgets
