// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/start_page.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"

namespace qd::session {
namespace {

constexpr int kInset = 12;

QLabel* heading(const QString& text, int px) {
  auto* label = new QLabel(text);
  label->setFont(widgets::uiFont(px, QFont::DemiBold));
  return label;
}

QLabel* problemLabel() {
  auto* label = new QLabel;
  label->setWordWrap(true);
  label->setTextFormat(Qt::PlainText);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  label->hide();
  return label;
}

void showOrHide(QLabel* label, const QString& sentence) {
  label->setText(sentence.isEmpty() ? QString() : QStringLiteral("▲ ") + sentence);
  QPalette palette = label->palette();
  palette.setColor(QPalette::WindowText, widgets::colorsOf(label).alarm);
  label->setPalette(palette);
  label->setVisible(!sentence.isEmpty());
}

// The name first and heavier, what is known of it below and muted; hints are plain text.
class TwoLines final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const QString text = index.data(Qt::DisplayRole).toString();
    const QStringList lines = text.split(u'\n');
    const bool hint = !(index.flags() & Qt::ItemIsEnabled);
    const widgets::Colors& c = widgets::colorsOf(option.widget);
    const bool selected = option.state & QStyle::State_Selected;
    const QRect area = option.rect.adjusted(kInset, 4, -kInset, -4);
    painter->save();
    if (selected) painter->fillRect(option.rect, c.accent);
    if (!selected && (option.state & QStyle::State_MouseOver) && !hint) painter->fillRect(option.rect, c.raised);
    painter->setFont(widgets::uiFont(widgets::kTextPx, hint ? QFont::Normal : QFont::DemiBold));
    painter->setPen(selected ? c.accentText : hint ? c.muted : c.text);
    if (hint) {
      painter->drawText(area, Qt::TextWordWrap, text);
    } else {
      const int half = area.height() / 2;
      const QString title = painter->fontMetrics().elidedText(lines.front(), Qt::ElideMiddle, area.width());
      painter->drawText(area.adjusted(0, 0, 0, -half), Qt::AlignVCenter, title);
      painter->setFont(widgets::uiFont(widgets::kSmallPx));
      if (!selected) painter->setPen(c.muted);
      const QString detail = painter->fontMetrics().elidedText(lines.back(), Qt::ElideRight, area.width());
      painter->drawText(area.adjusted(0, half, 0, 0), Qt::AlignVCenter, detail);
    }
    painter->restore();
  }
};

QListWidgetItem* twoLines(const QString& title, const QString& detail) {
  auto* item = new QListWidgetItem(title + QStringLiteral("\n") + detail);
  item->setToolTip(title);
  item->setSizeHint({0, 44});
  return item;
}

QListWidget* makeList() {
  auto* list = new QListWidget;
  list->setFrameShape(QFrame::NoFrame);
  list->setSpacing(1);
  list->setItemDelegate(new TwoLines(list));
  list->setMouseTracking(true);
  list->setTextElideMode(Qt::ElideMiddle);
  list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  return list;
}

void addHint(QListWidget* list, const QString& text) {
  auto* item = new QListWidgetItem(text);
  item->setFlags(Qt::NoItemFlags);
  item->setSizeHint({0, 88});
  list->addItem(item);
}

}  // namespace

StartPage::StartPage(QWidget* parent)
    : QWidget(parent),
      problem_(problemLabel()),
      contextProblem_(problemLabel()),
      contexts_(makeList()),
      recent_(makeList()) {
  setObjectName(QStringLiteral("startPage"));
  auto* outer = new QHBoxLayout(this);
  auto* column = new QVBoxLayout;
  outer->addStretch(1);
  outer->addLayout(column, 4);
  outer->addStretch(1);
  column->setContentsMargins(0, 48, 0, 32);
  column->setSpacing(16);
  column->addWidget(heading(tr("Quarterdeck"), 28));
  auto* what = new QLabel(tr("Watch, steer, stop and replay live games: servers and editors on one time axis."));
  what->setForegroundRole(QPalette::PlaceholderText);
  column->addWidget(what);
  column->addWidget(problem_);
  progressRow_ = new QWidget;
  auto* row = new QHBoxLayout(progressRow_);
  row->setContentsMargins(0, 0, 0, 0);
  progressText_ = new QLabel;
  progress_ = new QProgressBar;
  progress_->setTextVisible(false);
  progress_->setFixedHeight(8);
  auto* cancel = new QPushButton(tr("Cancel"));
  row->addWidget(progressText_);
  row->addWidget(progress_, 1);
  row->addWidget(cancel);
  progressRow_->hide();
  column->addWidget(progressRow_);
  actions_ = makeActions();
  column->addWidget(actions_);
  column->addWidget(makeLists(), 1);
  connect(cancel, &QPushButton::clicked, this, &StartPage::cancelClicked);
}

QPushButton* StartPage::bigButton(const QString& title, const QString& detail) {
  auto* button = new QPushButton;
  auto* layout = new QVBoxLayout(button);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(4);
  QLabel* first = heading(title, 15);
  auto* second = new QLabel(detail);
  second->setWordWrap(true);
  second->setForegroundRole(QPalette::PlaceholderText);
  for (QLabel* label : {first, second}) {
    label->setAttribute(Qt::WA_TransparentForMouseEvents);
    layout->addWidget(label);
  }
  button->setStyleSheet(QStringLiteral("QPushButton { min-height: 88px; padding: 0; }"));
  button->setAccessibleName(title);
  return button;
}

QWidget* StartPage::makeActions() {
  auto* row = new QWidget;
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(12);
  auto* stage = bigButton(tr("Try the stage"),
                          tr("Two real servers, forty players and an editor, started here on this computer."));
  auto* attach = bigButton(tr("Attach…"), tr("Connect to the agents of a cluster by their addresses."));
  auto* open = bigButton(tr("Open recording…"), tr("Go back to a session: every panel as if it were live."));
  stage->setObjectName(QStringLiteral("tryStage"));
  attach->setObjectName(QStringLiteral("attach"));
  open->setObjectName(QStringLiteral("openRecording"));
  for (QPushButton* button : {stage, attach, open}) layout->addWidget(button, 1);
  connect(stage, &QPushButton::clicked, this, [this] {
    SessionRequest request;
    request.kind = SessionRequest::Kind::Stage;
    Q_EMIT requested(request);
  });
  connect(attach, &QPushButton::clicked, this, &StartPage::attachClicked);
  connect(open, &QPushButton::clicked, this, &StartPage::openClicked);
  return row;
}

QWidget* StartPage::makeLists() {
  auto* row = new QWidget;
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(12);
  auto* left = new QVBoxLayout;
  left->addWidget(heading(tr("Contexts"), 13));
  left->addWidget(contextProblem_);
  left->addWidget(contexts_, 1);
  auto* right = new QVBoxLayout;
  right->addWidget(heading(tr("Recent sessions"), 13));
  right->addWidget(recent_, 1);
  layout->addLayout(left, 1);
  layout->addLayout(right, 2);
  connect(contexts_, &QListWidget::itemActivated, this, [this](QListWidgetItem* item) {
    const auto at = static_cast<std::size_t>(contexts_->row(item));
    if (at < contextRequests_.size()) Q_EMIT requested(contextRequests_[at]);
  });
  connect(recent_, &QListWidget::itemActivated, this, [this](QListWidgetItem* item) {
    const auto at = static_cast<std::size_t>(recent_->row(item));
    if (at < recentRequests_.size()) Q_EMIT requested(recentRequests_[at]);
  });
  // One click is enough: the lists hold nothing else to do.
  connect(contexts_, &QListWidget::itemClicked, contexts_, &QListWidget::itemActivated);
  connect(recent_, &QListWidget::itemClicked, recent_, &QListWidget::itemActivated);
  return row;
}

void StartPage::setContexts(const Result<std::vector<Context>>& contexts, const QString& path) {
  contexts_->clear();
  contextRequests_.clear();
  showOrHide(contextProblem_, contexts ? QString() : QString::fromStdString(contexts.error().message));
  if (!contexts) return;
  for (const Context& context : *contexts) {
    const QString count = context.agents.size() == 1 ? QString::fromStdString(context.agents.front())
                                                     : tr("%1 agents").arg(context.agents.size());
    const QString mode = context.readOnly ? tr(" · opens read-only") : QString();
    contexts_->addItem(
        twoLines(QString::fromStdString(context.name),
                 QString::fromUtf8(name(context.environment).data()) + QStringLiteral(" · ") + count + mode));
    contextRequests_.push_back({SessionRequest::Kind::Attach, context, QString()});
  }
  if (contexts->empty()) addHint(contexts_, tr("Clusters named in\n%1\nappear here.").arg(path));
}

void StartPage::setRecent(const QVector<RecentRecording>& recordings, const QStringList& clusters) {
  recent_->clear();
  recentRequests_.clear();
  for (const QString& cluster : clusters) {
    SessionRequest request;
    for (const QString& agent : cluster.split(QStringLiteral(", ")))
      request.context.agents.push_back(agent.toStdString());
    request.context.name = request.context.agents.front();
    recent_->addItem(twoLines(cluster, tr("attached before")));
    recentRequests_.push_back(std::move(request));
  }
  for (const RecentRecording& recording : recordings) {
    const QString detail = tr("recording · %1 · %2")
                               .arg(recording.modified.toString(QStringLiteral("yyyy-MM-dd HH:mm'Z'")),
                                    widgets::formatBytes(static_cast<double>(recording.bytes)));
    recent_->addItem(twoLines(recording.name, detail));
    recentRequests_.push_back({SessionRequest::Kind::Replay, Context(), recording.path});
  }
  if (recentRequests_.empty()) addHint(recent_, tr("Everything you attach to is recorded and appears here."));
}

void StartPage::showProblem(const QString& sentence) {
  showOrHide(problem_, sentence);
}

void StartPage::showProgress(const QString& text, int percent) {
  progressText_->setText(text);
  progress_->setRange(0, percent < 0 ? 0 : 100);
  progress_->setValue(percent);
  progressRow_->setVisible(!text.isEmpty());
  actions_->setEnabled(text.isEmpty());
  contexts_->setEnabled(text.isEmpty());
  recent_->setEnabled(text.isEmpty());
}

}  // namespace qd::session
