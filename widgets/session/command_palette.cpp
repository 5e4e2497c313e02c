// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/command_palette.h"

#include <QApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

namespace qd::session {
namespace {

constexpr int kWidth = 560, kRow = 30, kTop = 72, kRowsShown = 12;

// Name at the left, key at the right, greyed when it cannot be used now.
class Row final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {kWidth - 40, kRow}; }
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const bool chosen = option.state & QStyle::State_Selected;
    if (chosen) painter->fillRect(option.rect, option.palette.highlight());
    const auto group = index.data(PaletteModel::EnabledRole).toBool() ? QPalette::Active : QPalette::Disabled;
    painter->setPen(option.palette.color(group, chosen ? QPalette::HighlightedText : QPalette::Text));
    const QRect inner = option.rect.adjusted(12, 0, -12, 0);
    painter->drawText(inner, Qt::AlignVCenter | Qt::AlignLeft, index.data().toString());
    painter->drawText(inner, Qt::AlignVCenter | Qt::AlignRight, index.data(PaletteModel::ShortcutRole).toString());
  }
};

}  // namespace

CommandPalette::CommandPalette(QWidget* window) : QFrame(window), input_(new QLineEdit), list_(new QListView) {
  setObjectName(QStringLiteral("commandPalette"));
  setFrameShape(QFrame::StyledPanel);
  setAutoFillBackground(true);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 8, 8, 8);
  column->addWidget(input_);
  column->addWidget(list_);
  input_->setPlaceholderText(tr("Type what you want to do"));
  list_->setModel(&model_);
  list_->setItemDelegate(new Row(list_));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setUniformItemSizes(true);
  list_->setFocusPolicy(Qt::NoFocus);
  input_->installEventFilter(this);
  connect(input_, &QLineEdit::textChanged, this, [this](const QString& typed) {
    model_.setTyped(typed);
    list_->setCurrentIndex(model_.index(0, 0));
  });
  connect(list_, &QListView::clicked, this, &CommandPalette::run);
  hide();
}

void CommandPalette::open(const QList<QAction*>& actions) {
  model_.setActions(actions);
  input_->clear();
  model_.setTyped(QString());
  list_->setCurrentIndex(model_.index(0, 0));
  place();
  show();
  raise();
  input_->setFocus();
}

void CommandPalette::place() {
  const QWidget* window = parentWidget();
  const int height = std::min(kRowsShown * kRow + 64, window->height() - 2 * kTop);
  const int width = std::min(kWidth, window->width() - 40);
  setGeometry((window->width() - width) / 2, kTop, width, height);
}

void CommandPalette::run(const QModelIndex& index) {
  QAction* action = model_.actionAt(index.row());
  hide();
  // After the palette is gone, so that the action finds the focus where it was.
  if (action != nullptr && action->isEnabled())
    QMetaObject::invokeMethod(action, &QAction::trigger, Qt::QueuedConnection);
}

bool CommandPalette::handleKey(int key) {
  const int row = list_->currentIndex().row(), rows = model_.rowCount();
  switch (key) {
    case Qt::Key_Escape:
      hide();
      return true;
    case Qt::Key_Down:
    case Qt::Key_Up:
      if (rows > 0) list_->setCurrentIndex(model_.index((row + (key == Qt::Key_Down ? 1 : rows - 1)) % rows, 0));
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      run(list_->currentIndex());
      return true;
    default:
      return false;
  }
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusOut) hide();
  // Claims its keys before the window's shortcuts (Esc, Enter) see them.
  if (event->type() == QEvent::ShortcutOverride) event->accept();
  if (event->type() == QEvent::KeyPress && handleKey(static_cast<QKeyEvent*>(event)->key())) return true;
  return QFrame::eventFilter(watched, event);
}

}  // namespace qd::session
