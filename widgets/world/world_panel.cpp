// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/world/world_panel.h"

#include "core/ingest/directory.h"
#include "core/params/param_book.h"
#include "core/series/store.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/format.h"
#include "widgets/base/selection.h"
#include "widgets/base/view_clock.h"
#include "widgets/world/world_view.h"

namespace qd::widgets {
namespace {

std::optional<double> numberOf(const std::optional<ingest::ParameterValue>& value) {
  if (!value) return std::nullopt;
  if (const auto* d = std::get_if<double>(&value->value)) return *d;
  if (const auto* i = std::get_if<std::int64_t>(&value->value)) return static_cast<double>(*i);
  return std::nullopt;
}

}  // namespace

WorldPanel::WorldPanel(const SessionContext& context, QWidget* parent)
    : Panel(tr("World"), context, parent),
      view_(new world::WorldView(this)),
      empty_(new EmptyState(tr("No entities at this moment"),
                            tr("A game server that sends its entities fills this; an editor beside it adds what it "
                               "drew of them."),
                            context.replay ? QString() : tr("Attach…"), this)) {
  setContent(view_);
  Selection& selection = this->context().selection;
  connect(view_, &world::WorldView::picked, &selection, &Selection::setEntity);
  connect(&selection, &Selection::entityChanged, this,
          [this] { view_->setSelected(this->context().selection.entity()); });
  connect(empty_, &EmptyState::activated, this, &WorldPanel::attachRequested);
}

ProcessId WorldPanel::server() const {
  const auto& directory = context().directory;
  if (const auto shown = directory.process(process()))
    return shown->domain.empty() ? shown->id : ProcessId(shown->domain);
  for (const auto& info : directory.processes())
    if (info->kind == ingest::ProcessKind::Server) return info->id;
  return {};
}

world::Surroundings WorldPanel::surroundings(const ProcessId& server) const {
  const TimeNs now = context().clock.now();
  const auto& params = context().params;
  world::Surroundings result;
  if (const auto kind = params.value(server, "weather.kind", now))
    result.weather = QString::fromStdString(toText(kind->value));
  if (const auto intensity = numberOf(params.value(server, "weather.intensity", now)))
    result.weather += QStringLiteral(" %1").arg(*intensity, 0, 'f', 2);
  result.visibility = numberOf(params.value(server, "weather.visibility", now));
  if (const auto id = context().store.find(server, "weather.visibility"); id && !result.visibility)
    if (const auto sample = context().store.at(*id, now)) result.visibility = sample->value;
  return result;
}

void WorldPanel::refresh(bool second) {
  // Thirty pictures a second are enough to see people walk.
  const TimeNs wall = monotonicNs();
  if (!second && wall - drawnAt_ < kNsPerSecond / 35) return;
  drawnAt_ = wall;
  const TimeNs now = context().clock.now();
  const ProcessId from = server();
  auto authoritative = context().world.frameAt(from, now);
  std::vector<netcode::EntityFramePtr> rendered;
  for (const auto& editor : context().directory.editorsOf(from))
    if (auto frame = context().world.frameAt(editor, now)) rendered.push_back(std::move(frame));
  setSubtitle(QString::fromStdString(from.value));
  showEmpty(!authoritative && rendered.empty() ? empty_ : nullptr);
  if (!second && authoritative == shown_ && rendered == drawn_) return;
  shown_ = std::move(authoritative);
  drawn_ = std::move(rendered);
  std::vector<const ingest::EntityFrame*> frames;
  for (const auto& frame : drawn_) frames.push_back(frame.get());
  const auto authority = [&](std::uint32_t entity, std::uint64_t tick) {
    return context().world.authoritativeAt(from, entity, tick);
  };
  view_->setScene(world::makeScene(shown_.get(), frames, authority), surroundings(from));
}

}  // namespace qd::widgets
