// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/breakpoints/hit_view.h"

#include <QHeaderView>
#include <algorithm>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/breakpoints/stop_text.h"

namespace qd::widgets {
namespace {

QTreeWidgetItem* add(QTreeWidgetItem* parent, const QString& name, const QString& value) {
  auto* item = new QTreeWidgetItem(parent, {name, value});
  item->setToolTip(1, value);
  return item;
}

void addMember(QTreeWidgetItem* root, const ingest::HitMember& member) {
  for (const ingest::StackFrame& frame : member.frames) {
    const QString place = frame.file.empty()
                              ? QString()
                              : QStringLiteral("%1:%2").arg(QString::fromStdString(frame.file)).arg(frame.line);
    add(root, QString::fromStdString(frame.function), place);
  }
  for (const Field& local : member.locals) {
    add(root, QString::fromStdString(local.first), QString::fromStdString(toText(local.second)));
  }
  if (member.parameters.empty()) return;
  QTreeWidgetItem* group = add(root, HitView::tr("Parameters in force"), {});
  for (const ingest::ParameterValue& value : member.parameters) {
    add(group, QString::fromStdString(value.name), QString::fromStdString(toText(value.value)));
  }
}

}  // namespace

HitView::HitView(QWidget* parent) : QTreeWidget(parent) {
  setHeaderLabels({tr("Context"), tr("Value")});
  setObjectName(QStringLiteral("hitView"));
  header()->resizeSection(0, 150);
  setIndentation(12);
  setUniformRowHeights(true);
}

void HitView::show(const ingest::Hit& hit) {
  clear();
  std::vector<ingest::HitMember> members = hit.members;
  std::ranges::stable_partition(members, [&](const auto& member) { return member.state.process == hit.leader; });
  for (const ingest::HitMember& member : members) {
    const bool leads = member.state.process == hit.leader;
    const QString name = QString::fromStdString(member.state.process.value);
    QString where = tr("%1, tick %2").arg(memberStateText(member.state.state), formatTick(member.state.tick));
    if (!leads) where += tr(", skew %1 ticks").arg(member.state.skewTicks);
    auto* root = new QTreeWidgetItem(this, {leads ? tr("%1 (hit it)").arg(name) : name, where});
    root->setFont(0, uiFont(kTextPx, QFont::DemiBold));
    root->setToolTip(1, where);
    addMember(root, member);
    root->setExpanded(true);
  }
}

}  // namespace qd::widgets
