// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/param_delegate.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QPainter>
#include <cmath>

#include "widgets/base/theme.h"
#include "widgets/params/param_model.h"

namespace qd::widgets {
namespace {

QComboBox* choiceEditor(const QStringList& choices, const QString& current, QWidget* parent) {
  auto* box = new QComboBox(parent);
  box->addItems(choices);
  box->setCurrentText(current);
  return box;
}

int decimalsFor(const ingest::ParameterSpec& spec) {
  if (spec.type == ValueType::Int) return 0;
  const double step = spec.step.value_or(0.001);
  return std::clamp(static_cast<int>(std::ceil(-std::log10(std::max(step, 1e-6)))) + 1, 2, 6);
}

QWidget* numberEditor(const ingest::ParameterSpec& spec, const Value& value, QWidget* parent) {
  auto* box = new QDoubleSpinBox(parent);
  box->setDecimals(decimalsFor(spec));
  box->setRange(spec.min.value_or(-1e15), spec.max.value_or(1e15));
  box->setSingleStep(spec.step.value_or(spec.type == ValueType::Int ? 1 : 0.1));
  if (!spec.unit.empty()) box->setSuffix(QStringLiteral(" ") + QString::fromStdString(spec.unit));
  if (const auto* whole = std::get_if<std::int64_t>(&value)) box->setValue(static_cast<double>(*whole));
  if (const auto* real = std::get_if<double>(&value)) box->setValue(*real);
  return box;
}

const ParamRow* rowOf(const QModelIndex& index) {
  const auto* model = qobject_cast<const ParamModel*>(index.model());
  return model != nullptr ? model->row(index) : nullptr;
}

}  // namespace

QWidget* makeValueEditor(const ingest::ParameterSpec& spec, const Value& value, QWidget* parent) {
  const QString text = QString::fromStdString(toText(value));
  switch (spec.type) {
    case ValueType::Bool:
      return choiceEditor({QStringLiteral("true"), QStringLiteral("false")}, text, parent);
    case ValueType::Enum: {
      QStringList choices;
      for (const std::string& choice : spec.choices) choices << QString::fromStdString(choice);
      return choiceEditor(choices, text, parent);
    }
    case ValueType::Int:
    case ValueType::Float:
      return numberEditor(spec, value, parent);
    default: {
      auto* line = new QLineEdit(text, parent);
      if (spec.type == ValueType::Duration) line->setPlaceholderText(QObject::tr("such as 60ms"));
      return line;
    }
  }
}

Result<Value> editedValue(const ingest::ParameterSpec& spec, const QWidget* editor) {
  if (const auto* box = qobject_cast<const QDoubleSpinBox*>(editor)) {
    if (spec.type == ValueType::Int) return Value(static_cast<std::int64_t>(std::llround(box->value())));
    return Value(box->value());
  }
  if (const auto* box = qobject_cast<const QComboBox*>(editor)) {
    return parseValue(spec.type, box->currentText().toStdString());
  }
  if (const auto* line = qobject_cast<const QLineEdit*>(editor)) {
    return parseValue(spec.type, line->text().toStdString());
  }
  return fail(ErrorCode::Internal, "There is no editor for this type.");
}

QWidget* ParamDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&, const QModelIndex& index) const {
  const ParamRow* row = rowOf(index);
  if (row == nullptr || row->heading || !row->live) return nullptr;
  QWidget* editor = makeValueEditor(row->spec, row->staged ? row->staged->to : row->live->value, parent);
  editor->setAutoFillBackground(true);
  return editor;
}

void ParamDelegate::setEditorData(QWidget*, const QModelIndex&) const {
  // createEditor() filled it; a refresh of the live value must not overwrite what is being typed.
}

void ParamDelegate::setModelData(QWidget* editor, QAbstractItemModel*, const QModelIndex& index) const {
  const ParamRow* row = rowOf(index);
  if (row == nullptr) return;
  const QString name = QString::fromStdString(row->spec.name);
  const Result<Value> value = editedValue(row->spec, editor);
  if (!value) {
    Q_EMIT refused(QStringLiteral("%1: %2").arg(name, QString::fromStdString(value.error().message)));
    return;
  }
  Q_EMIT entered(name, *value);
}

void ParamDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                                         const QModelIndex&) const {
  // Wider than a narrow column, so that the value and its unit can be read while editing.
  QRect place = option.rect;
  if (place.width() < 130) place.setLeft(std::max(0, place.right() - 130));
  editor->setGeometry(place);
}

QSize ParamDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  return {QStyledItemDelegate::sizeHint(option, index).width(), kRowHeight};
}

void ParamDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const ParamRow* row = rowOf(index);
  QStyleOptionViewItem styled = option;
  const Colors& colors = colorsOf(option.widget);
  QColor text;
  if (row != nullptr && row->heading) text = colors.muted;
  if (row != nullptr && index.column() == ParamModel::kStaged) {
    if (row->staged)
      text = row->staged->conflict ? colors.caution : colors.accent;
    else if (row->drifted())
      text = colors.caution;
    else if (row->outcome && row->outcome->status == ingest::PushStatus::Applied)
      text = colors.ok;
    else if (row->outcome && row->outcome->status == ingest::PushStatus::Rejected)
      text = colors.alarm;
    else if (row->outcome)
      text = colors.caution;
  }
  if (row != nullptr && index.column() == ParamModel::kName && !row->heading && !row->changed()) text = colors.text;
  if (text.isValid()) styled.palette.setColor(QPalette::Text, text);
  QStyledItemDelegate::paint(painter, styled, index);
}

}  // namespace qd::widgets
