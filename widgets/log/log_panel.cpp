// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/log/log_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QScrollBar>
#include <QTableView>
#include <QToolButton>

#include "widgets/base/empty_state.h"
#include "widgets/base/format.h"
#include "widgets/base/moment_to_show.h"
#include "widgets/base/player_name.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/log/moment_delegate.h"
#include "widgets/log/moment_model.h"

namespace qd::log {
namespace {

using ingest::MomentKind;

constexpr std::int64_t kRefreshNs = 100 * kNsPerMs;

struct KindChoice {
  const char* label;
  std::vector<MomentKind> kinds;
};

const std::vector<KindChoice>& kindChoices() {
  static const std::vector<KindChoice> choices{
      {QT_TRANSLATE_NOOP("LogPanel", "Log + events"), {}},
      {QT_TRANSLATE_NOOP("LogPanel", "Log lines"), {MomentKind::Log}},
      {QT_TRANSLATE_NOOP("LogPanel", "Game events"), {MomentKind::Game}},
      {QT_TRANSLATE_NOOP("LogPanel", "Pushes, actions"), {MomentKind::Push, MomentKind::Action}},
      {QT_TRANSLATE_NOOP("LogPanel", "Hits, stops"), {MomentKind::Hit, MomentKind::Stop, MomentKind::Resume}},
      {QT_TRANSLATE_NOOP("LogPanel", "Processes, gaps"), {MomentKind::Process, MomentKind::Agent, MomentKind::Gap}},
      {QT_TRANSLATE_NOOP("LogPanel", "Marks"), {MomentKind::Mark}}};
  return choices;
}

}  // namespace

LogPanel::LogPanel(const widgets::SessionContext& context, QWidget* parent)
    : Panel(tr("Log + Events"), context, parent), model_(new MomentModel(context.log, this)), table_(new QTableView) {
  empty_ =
      new widgets::EmptyState(tr("No line passes"), tr("Log lines, pushes, hits and marks appear here as they happen."),
                              tr("Clear the filter"), this);
  connect(empty_, &widgets::EmptyState::activated, this, [this] {
    text_->clear();
    level_->setCurrentIndex(0);
    kind_->setCurrentIndex(0);
    onlySelected_->setChecked(false);
    onlyPlayer_->setChecked(false);
  });
  addToTitle(makeFilterRow());
  makeTable();
  setContent(table_);
  connect(this, &Panel::processChanged, this, [this] {
    if (onlySelected_->isChecked()) applyFilter();
  });
  connect(&this->context().selection, &widgets::Selection::playerChanged, this, &LogPanel::followPlayer);
  followPlayer();
}

LogPanel::~LogPanel() = default;

QWidget* LogPanel::makeFilterRow() {
  auto* row = new QWidget;
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(widgets::kGap);
  text_ = new QLineEdit;
  text_->setPlaceholderText(tr("Filter"));
  text_->setClearButtonEnabled(true);
  text_->setMinimumWidth(64);
  text_->setMaximumWidth(120);
  level_ = new QComboBox;
  level_->addItems({tr("every level"), tr("debug up"), tr("info up"), tr("warning up"), tr("errors")});
  level_->setToolTip(tr("Lowest level of the log lines shown"));
  kind_ = new QComboBox;
  for (const auto& choice : kindChoices()) kind_->addItem(tr(choice.label));
  for (QComboBox* box : {level_, kind_}) {
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(8);
  }
  onlySelected_ = new QCheckBox(tr("selected"));
  onlySelected_->setToolTip(tr("Only lines of the process that is selected (or pinned here)"));
  onlyPlayer_ = new QCheckBox;
  onlyPlayer_->setToolTip(tr("Only lines and events about the player who is followed"));
  follow_ = new QToolButton;
  follow_->setText(tr("Follow"));
  follow_->setCheckable(true);
  follow_->setProperty("boxed", true);
  follow_->setChecked(true);
  follow_->setToolTip(tr("Stay at the newest line, or at the moment that is shown"));
  for (QWidget* widget :
       {static_cast<QWidget*>(text_), static_cast<QWidget*>(level_), static_cast<QWidget*>(kind_),
        static_cast<QWidget*>(onlySelected_), static_cast<QWidget*>(onlyPlayer_), static_cast<QWidget*>(follow_)}) {
    layout->addWidget(widget);
  }
  connect(text_, &QLineEdit::textChanged, this, &LogPanel::applyFilter);
  connect(level_, &QComboBox::currentIndexChanged, this, &LogPanel::applyFilter);
  connect(kind_, &QComboBox::currentIndexChanged, this, &LogPanel::applyFilter);
  connect(onlySelected_, &QCheckBox::toggled, this, &LogPanel::applyFilter);
  connect(onlyPlayer_, &QCheckBox::toggled, this, &LogPanel::applyFilter);
  connect(follow_, &QToolButton::toggled, this, [this](bool on) {
    if (on) follow();
  });
  return row;
}

void LogPanel::makeTable() {
  table_->setModel(model_);
  table_->setItemDelegate(new MomentDelegate(table_));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setShowGrid(false);
  table_->setWordWrap(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(20);
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  QHeaderView* header = table_->horizontalHeader();
  header->hide();
  header->setStretchLastSection(true);
  const int widths[] = {104, 72, 76, 56};
  for (int column = 0; column < MomentModel::TextColumn; ++column) table_->setColumnWidth(column, widths[column]);
  connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) { openRow(index.row()); });
  connect(table_, &QTableView::activated, this, [this](const QModelIndex& index) { openRow(index.row()); });
  connect(table_->verticalScrollBar(), &QScrollBar::sliderMoved, this, &LogPanel::noteScroll);
  connect(table_->verticalScrollBar(), &QScrollBar::actionTriggered, this, &LogPanel::noteScroll);
}

void LogPanel::applyFilter() {
  static constexpr ingest::LogLevel levels[] = {ingest::LogLevel::Trace, ingest::LogLevel::Debug,
                                                ingest::LogLevel::Info, ingest::LogLevel::Warning,
                                                ingest::LogLevel::Error};
  ingest::MomentFilter filter;
  filter.text = text_->text().trimmed().toStdString();
  filter.minimumLevel = levels[level_->currentIndex()];
  filter.kinds = kindChoices()[static_cast<std::size_t>(kind_->currentIndex())].kinds;
  if (onlySelected_->isChecked() && !process().value.empty()) filter.processes = {process()};
  if (const auto& player = context().selection.player(); player && onlyPlayer_->isChecked()) {
    filter.player = player->id;
    filter.playerName = widgets::playerName(context().log, *player);
  }
  model_->setFilter(filter);
  showCounts();
  follow();
}

void LogPanel::followPlayer() {
  const auto& player = context().selection.player();
  onlyPlayer_->setVisible(player.has_value());
  if (player) onlyPlayer_->setText(tr("player %1").arg(player->id));
  if (!player) {
    onlyPlayer_->setChecked(false);
  } else if (onlyPlayer_->isChecked()) {
    applyFilter();
  }
}

void LogPanel::openRow(int row) {
  const ingest::Moment* moment = model_->at(row);
  if (moment == nullptr) return;
  follow_->setChecked(false);
  const ingest::Moment chosen = *moment;  // the signals below may refresh the model
  if (!chosen.process.value.empty()) context().selection.setProcess(chosen.process);
  if (chosen.envelope != nullptr) {
    if (const auto* hit = std::get_if<ingest::Hit>(&chosen.envelope->event)) {
      context().selection.setHit(QString::fromStdString(hit->id));
    }
  }
  if (chosen.time > 0) context().clock.goTo(widgets::momentToShow(context().breakpoints, chosen));
}

void LogPanel::noteScroll() {
  const QScrollBar* bar = table_->verticalScrollBar();
  const bool atTail = context().clock.mode() == widgets::ViewClock::Mode::Live && !context().clock.isRecording();
  follow_->setChecked(atTail && bar->sliderPosition() >= bar->maximum());
}

int LogPanel::rowOfNow() const {
  const auto& clock = context().clock;
  const bool atTail = clock.mode() == widgets::ViewClock::Mode::Live && !clock.isRecording();
  return atTail ? model_->rowCount() - 1 : model_->rowAtOrBefore(clock.now());
}

// The row of the moment with what led to it above, and some of what followed below.
void LogPanel::follow() {
  if (!follow_->isChecked()) return;
  followed_ = rowOfNow();
  if (followed_ == model_->rowCount() - 1) {
    table_->scrollToBottom();
  } else {
    table_->scrollTo(model_->index(std::max(0, followed_), 0), QAbstractItemView::PositionAtCenter);
  }
}

void LogPanel::showCounts() {
  QString text = model_->rowCount() == 1 ? tr("1 line") : tr("%1 lines").arg(model_->rowCount());
  if (model_->rowCount() == static_cast<int>(MomentModel::kMost)) text += tr(" of more");
  if (model_->suppressed() > 0) text += tr(" · %1 suppressed by their rate limit").arg(model_->suppressed());
  if (context().log.forgotten() > 0) text += tr(" · %1 older forgotten").arg(context().log.forgotten());
  setSubtitle(text);
  const bool filtered = !text_->text().isEmpty() || level_->currentIndex() > 0 || kind_->currentIndex() > 0 ||
                        onlySelected_->isChecked() || onlyPlayer_->isChecked();
  empty_->setText(filtered ? tr("No line passes the filter") : tr("Nothing was logged yet"),
                  tr("Log lines, pushes, hits and marks appear here as they happen."),
                  filtered ? tr("Clear the filter") : QString());
  showEmpty(model_->rowCount() == 0 ? empty_ : nullptr);
}

void LogPanel::refresh(bool second) {
  const auto& clock = context().clock;
  model_->setNow(clock.mode() == widgets::ViewClock::Mode::Live ? INT64_MAX : clock.now());
  const TimeNs now = monotonicNs();
  if (!second && now - asked_ < kRefreshNs) return;
  asked_ = now;
  const int before = model_->rowCount();
  model_->refresh();
  showCounts();
  if (model_->rowCount() != before || rowOfNow() != followed_) follow();
}

}  // namespace qd::log
