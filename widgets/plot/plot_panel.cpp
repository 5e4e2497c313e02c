// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/plot_panel.h"

#include "core/ingest/directory.h"
#include "core/ingest/interest_set.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/unreachable.h"
#include "widgets/plot/plot_stack.h"

namespace qd::widgets {

PlotPanel::PlotPanel(const SessionContext& context, QWidget* parent)
    : Panel(tr("Plots"), context, parent),
      stack_(new plot::PlotStack(context, plot::defaultPanes(), this)),
      empty_(new EmptyState(tr("No process is sending samples yet"),
                            tr("Attach to an agent with a game server or an editor: their tick, latency and "
                               "interpolation histories appear here."),
                            context.replay ? QString() : tr("Attach…"), this)) {
  setContent(stack_);
  stack_->setProcess(process());
  connect(this, &Panel::processChanged, this, [this] { stack_->setProcess(process()); });
  connect(stack_, &plot::PlotStack::readOut, this, [this](const QString& text) { setSubtitle(text); });
  connect(stack_, &plot::PlotStack::whyAsked, this, &PlotPanel::whyAsked);
  connect(stack_, &plot::PlotStack::said, this, &PlotPanel::said);
  connect(empty_, &EmptyState::activated, this, &PlotPanel::attachRequested);
}

PlotPanel::~PlotPanel() {
  if (context().interest != nullptr) context().interest->withdraw(this);
}

// What is plotted comes at full rate, whichever process it is of.
void PlotPanel::declareShown() {
  if (context().interest == nullptr) return;
  ingest::InterestSet::Shown shown;
  for (const plot::PaneSeries& one : stack_->shownSeries()) {
    shown.series.push_back({{one.meta.process.value}, {one.meta.info.name}, one.meta.info.dimensions});
  }
  context().interest->declare(this, std::move(shown));
}

void PlotPanel::refresh(bool second) {
  if (second) declareShown();
  const bool empty = this->context().directory.processes().empty();
  if (const QString lost = empty && second ? whyUnreachable(context().directory) : QString(); !lost.isEmpty()) {
    empty_->setText(tr("No agent answers"), lost, context().replay ? QString() : tr("Attach…"));
  }
  showEmpty(empty ? empty_ : nullptr);
  if (!empty) stack_->refresh(second);
}

}  // namespace qd::widgets
