// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/debug/variables_tree.h"

#include <QHeaderView>

#include "widgets/base/theme.h"

namespace qd::widgets {
namespace {

constexpr int kReference = Qt::UserRole, kPath = Qt::UserRole + 1, kLoaded = Qt::UserRole + 2;

}  // namespace

VariablesTree::VariablesTree(QWidget* parent) : QTreeWidget(parent) {
  setHeaderLabels({tr("Variable"), tr("Value"), tr("Type")});
  setObjectName(QStringLiteral("variables"));
  setUniformRowHeights(true);
  setIndentation(14);
  header()->resizeSection(0, 130);
  header()->resizeSection(1, 160);
  connect(this, &QTreeWidget::itemCollapsed, this,
          [this](QTreeWidgetItem* item) { open_.erase(item->data(0, kPath).toString()); });
  connect(this, &QTreeWidget::itemExpanded, this, [this](QTreeWidgetItem* item) {
    open_.insert(item->data(0, kPath).toString());
    const qint64 reference = item->data(0, kReference).toLongLong();
    if (reference == 0 || item->data(0, kLoaded).toBool()) return;
    item->setData(0, kLoaded, true);
    asked_[nextQuestion_] = item;
    Q_EMIT wantsBelow(nextQuestion_++, reference);
  });
}

void VariablesTree::nextStop() {
  if (!now_.empty()) before_ = std::move(now_);
  now_.clear();
}

void VariablesTree::add(QTreeWidgetItem* parent, const QString& path, const control::DebugVariable& variable) {
  const QString value = QString::fromStdString(variable.value);
  const auto was = before_.find(path);
  const bool changed = was != before_.end() && was->second != value;
  now_[path] = value;
  auto* item =
      new QTreeWidgetItem({QString::fromStdString(variable.name), changed ? QStringLiteral("Δ ") + value : value,
                           QString::fromStdString(variable.type)});
  item->setToolTip(1, changed ? tr("%1\nbefore: %2").arg(value, was->second) : value);
  item->setData(0, kPath, path);
  item->setData(0, kReference, static_cast<qlonglong>(variable.reference));
  if (changed) {
    item->setFont(1, uiFont(kTextPx, QFont::Bold));
    item->setForeground(1, colorsOf(this).caution);
  }
  if (variable.reference != 0) item->setChildIndicatorPolicy(QTreeWidgetItem::ShowIndicator);
  parent != nullptr ? parent->addChild(item) : addTopLevelItem(item);
  if (variable.reference != 0 && open_.contains(path)) item->setExpanded(true);
}

void VariablesTree::showLocals(const QString& function, const std::vector<control::DebugVariable>& variables) {
  asked_.clear();
  clear();
  for (const auto& variable : variables) {
    add(nullptr, function + QLatin1Char('/') + QString::fromStdString(variable.name), variable);
  }
  if (variables.empty()) showProblem(tr("No locals here."));
}

void VariablesTree::showBelow(quint64 question, const std::vector<control::DebugVariable>& variables) {
  const auto found = asked_.find(question);
  if (found == asked_.end()) return;
  QTreeWidgetItem* parent = found->second;
  asked_.erase(found);
  const QString path = parent->data(0, kPath).toString();
  for (const auto& variable : variables) {
    add(parent, path + QLatin1Char('.') + QString::fromStdString(variable.name), variable);
  }
}

void VariablesTree::showProblem(const QString& sentence) {
  asked_.clear();
  clear();
  auto* item = new QTreeWidgetItem(this, {sentence});
  item->setFirstColumnSpanned(true);
  item->setForeground(0, colorsOf(this).muted);
}

}  // namespace qd::widgets
