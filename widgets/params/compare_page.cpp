// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/compare_page.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/params/param_model.h"

namespace qd::widgets {

ComparePage::ComparePage(QWidget* parent)
    : QWidget(parent),
      search_(new QLineEdit(this)),
      differences_(new QCheckBox(tr("Only differences"), this)),
      table_(new QTreeWidget(this)),
      note_(new QLabel(this)) {
  search_->setPlaceholderText(tr("Search parameters"));
  search_->setClearButtonEnabled(true);
  table_->setObjectName(QStringLiteral("compareTable"));
  table_->setRootIsDecorated(false);
  table_->setUniformRowHeights(true);
  note_->setWordWrap(true);
  auto* back = new QPushButton(tr("Back"), this);
  auto* top = new QHBoxLayout;
  top->addWidget(search_, 1);
  top->addWidget(differences_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPad, kGap, kPad, kPad);
  layout->setSpacing(kGap);
  layout->addLayout(top);
  layout->addWidget(table_, 1);
  layout->addWidget(note_);
  layout->addWidget(back, 0, Qt::AlignLeft);
  connect(back, &QPushButton::clicked, this, &ComparePage::left);
  connect(search_, &QLineEdit::textChanged, this, &ComparePage::changed);
  connect(differences_, &QCheckBox::toggled, this, &ComparePage::changed);
  connect(table_, &QTreeWidget::itemDoubleClicked, this, [this](const QTreeWidgetItem* item, int column) {
    if (column > 0) Q_EMIT chosen(table_->headerItem()->text(column), item->text(0));
  });
}

void ComparePage::show(const params::ParamBook& book, const std::vector<ProcessId>& processes, TimeNs asOf) {
  const auto rows =
      compareRows(book, processes, asOf, search_->text().trimmed().toStdString(), differences_->isChecked());
  QStringList head{tr("Parameter")};
  for (const ProcessId& process : processes) head << QString::fromStdString(process.value);
  table_->setColumnCount(static_cast<int>(head.size()));
  table_->setHeaderLabels(head);
  table_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  while (table_->topLevelItemCount() > static_cast<int>(rows.size())) {
    delete table_->takeTopLevelItem(table_->topLevelItemCount() - 1);
  }
  while (table_->topLevelItemCount() < static_cast<int>(rows.size())) new QTreeWidgetItem(table_);
  const Colors& colors = colorsOf(this);
  int different = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    QTreeWidgetItem* item = table_->topLevelItem(static_cast<int>(i));
    item->setText(0, QString::fromStdString(rows[i].name));
    different += rows[i].differs ? 1 : 0;
    for (std::size_t c = 0; c < rows[i].cells.size(); ++c) {
      const CompareCell& cell = rows[i].cells[c];
      const int column = static_cast<int>(c) + 1;
      const QString text = cell.has ? valueText(cell.value, cell.unit) : noData();
      const QString sign = cell.staged ? QStringLiteral("→ ") : cell.differs ? QStringLiteral("≠ ") : QString();
      item->setText(column, sign + text);
      item->setToolTip(column, cell.staged    ? tr("Staged, not pushed yet")
                               : cell.differs ? tr("Not what most of these processes have")
                                              : QString());
      item->setFont(column, numberFont(kTextPx, cell.differs ? QFont::DemiBold : QFont::Normal));
      item->setForeground(column, cell.staged    ? colors.accent
                                  : cell.differs ? colors.caution
                                  : cell.has     ? colors.text
                                                 : colors.muted);
    }
  }
  if (processes.empty()) {
    note_->setText(tr("No process is here that could be compared."));
  } else {
    note_->setText(different == 0 ? tr("All are the same.")
                                  : counted(different, tr("1 parameter differs. Double-click a value to edit it."),
                                            tr("%1 parameters differ. Double-click a value to edit it.")));
  }
}

}  // namespace qd::widgets
