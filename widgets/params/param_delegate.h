// SPDX-License-Identifier: GPL-3.0-or-later
// Editors that fit a parameter's type: a list for bool and enum, a spin box with range, step and unit for numbers, a
// line for durations, strings and vectors. What is entered goes out as a Value; staging and its rules are elsewhere. UI
// thread only.
#pragma once

#include <QStyledItemDelegate>

#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::widgets {

// An editor for `spec` showing `value`, and what it holds. Errors: InvalidArgument, for the operator.
QWidget* makeValueEditor(const ingest::ParameterSpec& spec, const Value& value, QWidget* parent);
Result<Value> editedValue(const ingest::ParameterSpec& spec, const QWidget* editor);

class ParamDelegate final : public QStyledItemDelegate {
  Q_OBJECT
 public:
  explicit ParamDelegate(QObject* parent = nullptr) : QStyledItemDelegate(parent) {}

  QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  void setEditorData(QWidget* editor, const QModelIndex& index) const override;
  void setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override;
  void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 Q_SIGNALS:
  void entered(const QString& name, const qd::Value& value) const;
  void refused(const QString& sentence) const;
};

}  // namespace qd::widgets
