// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/params_panel.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPointer>
#include <QPushButton>
#include <QStackedWidget>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>
#include <tuple>

#include "core/ingest/directory.h"
#include "core/params/param_book.h"
#include "core/params/push_rules.h"
#include "core/series/store.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/format.h"
#include "widgets/base/frame_tick.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/params/action_page.h"
#include "widgets/params/compare_page.h"
#include "widgets/params/param_delegate.h"
#include "widgets/params/param_model.h"
#include "widgets/params/presets_page.h"
#include "widgets/params/review_page.h"

namespace qd::widgets {

ParamsPanel::ParamsPanel(const SessionContext& context, QWidget* parent)
    : Panel(tr("Parameters"), context, parent),
      model_(new ParamModel(this)),
      delegate_(new ParamDelegate(this)),
      empty_(new EmptyState(tr("No parameters yet"), tr("Select a server or an editor in the fleet to steer it."))),
      pages_(new QStackedWidget(this)),
      listPage_(new QWidget),
      review_(new ReviewPage),
      action_(new ActionPage),
      compare_(new ComparePage),
      presets_(new PresetsPage(context.params, context.directory)),
      search_(new QLineEdit),
      filter_(new QComboBox),
      scope_(new QComboBox),
      view_(new QTreeView),
      message_(new QLabel),
      facts_(new QLabel),
      driftBar_(new QWidget),
      driftText_(new QLabel),
      reviewButton_(new QPushButton),
      undoButton_(new QPushButton(tr("Undo"))),
      actions_(new QToolButton),
      staging_(control::newPushId(), context.who.toStdString()) {
  buildList();
  for (QWidget* page : std::initializer_list<QWidget*>{listPage_, review_, action_, compare_, presets_}) {
    pages_->addWidget(page);
  }
  setContent(pages_);
  for (const auto& [text, tip, show] : std::initializer_list<std::tuple<QString, QString, void (ParamsPanel::*)()>>{
           {tr("Compare"), tr("A column for each server, differences marked"), &ParamsPanel::showComparison},
           {tr("Presets"), tr("Named sets of values"), &ParamsPanel::showPresets}}) {
    auto* button = new QToolButton;
    button->setText(text);
    button->setToolTip(tip);
    button->setProperty("boxed", true);
    connect(button, &QToolButton::clicked, this, show);
    addToTitle(button);
  }
  actions_->setText(tr("Actions ▾"));
  actions_->setProperty("boxed", true);
  actions_->setPopupMode(QToolButton::InstantPopup);
  actions_->setMenu(new QMenu(actions_));
  addToTitle(actions_);
  connectPages();
  connect(this, &Panel::processChanged, this, [this] {
    bookRevision_ = directoryRevision_ = 0;
    showList();
  });
  showEmpty(empty_);
}

void ParamsPanel::buildList() {
  search_->setPlaceholderText(tr("Search parameters"));
  search_->setClearButtonEnabled(true);
  filter_->addItems({tr("All"), tr("Changed"), tr("Overridden"), tr("Drifted"), tr("★")});
  filter_->setObjectName(QStringLiteral("paramFilter"));
  filter_->setToolTip(
      tr("Changed: differs from its default, or is staged. Overridden: a push made it so. Drifted: not "
         "what the last push wanted. ★: favourites"));
  scope_->addItems({tr("This process"), tr("All servers")});
  scope_->setToolTip(tr("Where an edit is staged"));
  view_->setModel(model_);
  view_->setItemDelegate(delegate_);
  view_->setRootIsDecorated(false);
  view_->setUniformRowHeights(true);
  view_->setAlternatingRowColors(false);
  view_->setObjectName(QStringLiteral("paramView"));
  view_->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed |
                         QAbstractItemView::SelectedClicked);
  view_->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(view_, &QTreeView::customContextMenuRequested, this, &ParamsPanel::openMenu);
  view_->header()->setStretchLastSection(true);
  view_->header()->resizeSection(ParamModel::kName, 118);
  view_->header()->resizeSection(ParamModel::kLive, 72);
  facts_->setWordWrap(true);
  facts_->setObjectName(QStringLiteral("paramFacts"));
  facts_->setFont(uiFont(kSmallPx));
  driftText_->setWordWrap(true);
  auto* restore = new QPushButton(tr("Push wanted"));
  restore->setObjectName(QStringLiteral("driftRestore"));
  restore->setToolTip(tr("Pushes at once what the last acknowledged push wanted"));
  auto* accept = new QPushButton(tr("Accept live"));
  accept->setObjectName(QStringLiteral("driftAccept"));
  accept->setToolTip(tr("What is live is wanted from now on"));
  auto* drift = new QHBoxLayout(driftBar_);
  drift->setContentsMargins(0, 0, 0, 0);
  drift->addWidget(driftText_, 1);
  drift->addWidget(restore);
  drift->addWidget(accept);
  driftBar_->hide();
  connect(restore, &QPushButton::clicked, this, &ParamsPanel::restoreDrift);
  connect(accept, &QPushButton::clicked, this, &ParamsPanel::acceptDrift);
  connect(view_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] { showFacts(); });
  message_->setWordWrap(true);
  message_->hide();
  reviewButton_->setObjectName(QStringLiteral("reviewButton"));

  auto* top = new QHBoxLayout;
  top->addWidget(search_, 1);
  top->addWidget(filter_);
  top->addWidget(scope_);
  auto* bottom = new QHBoxLayout;
  bottom->addWidget(undoButton_);
  bottom->addWidget(reviewButton_, 1);
  auto* layout = new QVBoxLayout(listPage_);
  layout->setContentsMargins(kPad, kGap, kPad, kPad);
  layout->setSpacing(kGap);
  layout->addLayout(top);
  layout->addWidget(driftBar_);
  layout->addWidget(view_, 1);
  layout->addWidget(facts_);
  layout->addWidget(message_);
  layout->addLayout(bottom);
}

void ParamsPanel::connectPages() {
  const auto again = [this] { bookRevision_ = 0; };
  connect(search_, &QLineEdit::textChanged, this, again);
  connect(filter_, &QComboBox::currentIndexChanged, this, again);
  connect(delegate_, &ParamDelegate::entered, this, &ParamsPanel::stage);
  connect(delegate_, &ParamDelegate::refused, this, &ParamsPanel::say);
  connect(reviewButton_, &QPushButton::clicked, this, &ParamsPanel::openReview);
  connect(undoButton_, &QPushButton::clicked, this, &ParamsPanel::undo);
  connect(review_, &ReviewPage::left, this, &ParamsPanel::showList);
  connect(review_, &ReviewPage::pushed, this, &ParamsPanel::push);
  connect(review_, &ReviewPage::unstaged, this, [this](const QString& process, const QString& name) {
    this->context().params.unstage(ProcessId(process.toStdString()), name.toStdString());
    if (this->context().params.staged().empty())
      showList();
    else
      openReview();
  });
  connect(action_, &ActionPage::left, this, &ParamsPanel::showList);
  connect(compare_, &ComparePage::left, this, &ParamsPanel::showList);
  connect(compare_, &ComparePage::changed, this, &ParamsPanel::showComparison);
  connect(compare_, &ComparePage::chosen, this, [this](const QString& process, const QString& parameter) {
    this->context().selection.setProcess(ProcessId(process.toStdString()));
    search_->setText(parameter);
    showList();
  });
  connect(presets_, &PresetsPage::left, this, &ParamsPanel::showList);
  connect(presets_, &PresetsPage::failed, this, &ParamsPanel::say);
  connect(presets_, &PresetsPage::staged, this, [this](int edits) { edits > 0 ? openReview() : showList(); });
  // Others see what is staged here also while another tab is in front.
  connect(&this->context().ticker, &FrameTick::tick, this, [this](TimeNs, bool) { shareStaging(); });
}

void ParamsPanel::refresh(bool) {
  const SessionContext& session = context();
  const bool live = session.clock.mode() == ViewClock::Mode::Live;
  const TimeNs at = live && !session.replay ? params::ParamBook::kNow : session.clock.now();
  const std::uint64_t book = session.params.revision(), directory = session.directory.revision();
  const std::uint64_t changes = changes_ == nullptr ? 0 : changes_->revision();
  if (book == bookRevision_ && directory == directoryRevision_ && at == shownAt_ && changes == changesRevision_) return;
  if (directory != directoryRevision_) fillActions();
  bookRevision_ = book;
  directoryRevision_ = directory;
  changesRevision_ = changes;
  shownAt_ = at;
  if (changes_ != nullptr) extras_.others = staging_.others(changes_->shared(params::kStagedPrefix), utcNowNs());
  const int shown = filter_->currentIndex();
  const ParamFilter filter{search_->text().toStdString(), shown == 1, shown == 3, shown == 2, shown == 4};
  std::vector<ParamRow> rows = paramRows(session.params, process(), at, filter, extras_);
  const bool none = rows.empty() && filter.text.empty() && shown == 0;
  showDrift(rows);
  const int before = model_->rowCount();
  model_->setRows(std::move(rows), session.commands != nullptr);
  if (model_->rowCount() != before) {
    for (int i = 0; i < model_->rowCount(); ++i) {
      view_->setFirstColumnSpanned(i, {}, model_->row(model_->index(i, 0))->heading);
    }
  }
  showEmpty(none && pages_->currentWidget() == listPage_ ? empty_ : nullptr);
  if (pages_->currentWidget() == compare_) compare_->show(session.params, allServers(), at);
  if (pages_->currentWidget() == presets_) presets_->show(targets());
  showFacts();
  updateFooter();
}

void ParamsPanel::updateFooter() {
  const params::ReviewFacts facts = params::reviewFacts(context().params, context().params.staged());
  const int changes = static_cast<int>(facts.changes);
  reviewButton_->setText(
      changes == 0 ? tr("Nothing staged: double-click a value")
                   : counted(changes, tr("Review 1 change  Ctrl+Enter"), tr("Review %1 changes  Ctrl+Enter")));
  reviewButton_->setEnabled(changes > 0 && context().commands != nullptr);
  undoButton_->setEnabled(changes > 0);
  setSubtitle(QString::fromStdString(process().value));
  if (context().commands == nullptr) reviewButton_->setText(tr("A recording cannot be changed"));
}

std::vector<ProcessId> ParamsPanel::targets() const {
  if (scope_->currentIndex() == 0) return {process()};
  return allServers();
}

std::vector<ProcessId> ParamsPanel::allServers() const {
  std::vector<ProcessId> servers;
  for (const ingest::ProcessInfoPtr& info : context().directory.processes()) {
    const bool here = info->kind == ingest::ProcessKind::Server && info->state != ingest::ProcessState::Gone;
    if (here) servers.push_back(info->id);
  }
  return servers;
}

void ParamsPanel::stage(const QString& name, const Value& value) {
  message_->hide();
  for (const ProcessId& target : targets()) {
    if (!context().params.spec(target, name.toStdString())) continue;
    const Result<> staged = context().params.stage(target, name.toStdString(), value);
    if (!staged) say(QString::fromStdString(staged.error().message));
  }
}

void ParamsPanel::openReview() {
  const std::vector<params::StagedEdit> edits = context().params.staged();
  if (edits.empty()) return showList();
  const params::ReviewFacts facts = params::reviewFacts(context().params, edits);
  review_->show(facts, edits, playersOn(facts.targets));
  pages_->setCurrentWidget(review_);
}

void ParamsPanel::reviewOrPush() {
  if (context().commands == nullptr) return;
  if (pages_->currentWidget() != review_) return openReview();
  if (review_->canPush()) push();
}

void ParamsPanel::push() {
  auto orders = context().params.takeOrders(context().who.toStdString(), review_->comment().toStdString());
  for (control::PushOrder& order : orders) order.confirmed = review_->confirmed().toStdString();
  review_->isPlain() ? send(std::move(orders)) : start(std::move(orders));
  showList();
}

// With a way back, a ramp or waves: the agents carry it out, and the Rollouts follow it.
void ParamsPanel::start(std::vector<control::PushOrder> orders) {
  if (context().commands == nullptr) return;
  for (const control::PushOrder& order : orders) {
    ingest::ChangePlan plan;
    plan.id = "change-" + order.pushId.substr(5);
    plan.who = order.who;
    plan.comment = order.comment;
    plan.confirmed = order.confirmed;
    plan.targets = order.targets;
    for (const auto& a : order.assignments) plan.values.push_back({a.name, a.value, a.expectedVersion});
    review_->fill(plan);
    context().commands->startChange(std::move(plan),
                                    [guard = QPointer<ParamsPanel>(this)](const Result<ingest::ChangeState>& begun) {
                                      if (begun) return;
                                      QMetaObject::invokeMethod(
                                          QCoreApplication::instance(),
                                          [guard, message = QString::fromStdString(begun.error().message)] {
                                            if (guard != nullptr) guard->say(message);
                                          },
                                          Qt::QueuedConnection);
                                    });
  }
}

void ParamsPanel::undo() {
  if (!context().params.undo()) say(tr("Nothing to undo."));
}

void ParamsPanel::showList() {
  pages_->setCurrentWidget(listPage_);
}

void ParamsPanel::say(const QString& sentence) {
  message_->setText(sentence);
  message_->show();
}

void ParamsPanel::fillActions() {
  QMenu* menu = actions_->menu();
  menu->clear();
  const ingest::ProcessInfoPtr info = context().directory.process(process());
  if (info) {
    for (const ingest::ActionSpec& spec : info->actions) {
      menu->addAction(QString::fromStdString(spec.name), this, [this, spec, id = info->id] {
        action_->show(id, spec, context().commands, context().who, playersOn({id}));
        pages_->setCurrentWidget(action_);
      });
    }
  }
  actions_->setEnabled(!menu->isEmpty() && context().commands != nullptr);
}

std::optional<std::int64_t> ParamsPanel::playersOn(const std::vector<ProcessId>& processes) const {
  std::optional<std::int64_t> sum;
  for (const ProcessId& process : processes) {
    const auto id = context().store.find(process, "players.online");
    const auto last = id ? context().store.last(*id) : std::nullopt;
    if (last) sum = sum.value_or(0) + static_cast<std::int64_t>(last->value);
  }
  return sum;
}

}  // namespace qd::widgets
