// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/world/scene.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace qd::widgets::world {
namespace {

constexpr double kMetre = 1e-6;  // a µm

std::size_t sizeOf(const ingest::EntityFrame& frame) {
  return std::min({frame.ids.size(), frame.x.size(), frame.y.size()});
}

Drawn drawnAs(std::uint32_t flags) {
  if (flags & ingest::kEntityHeld) return Drawn::Held;
  if (flags & ingest::kEntityExtrapolated) return Drawn::Extrapolated;
  if (flags & ingest::kEntityPredicted) return Drawn::Predicted;
  if (flags & ingest::kEntityInterpolated) return Drawn::Interpolated;
  return Drawn::Plain;
}

void count(Scene& scene, Drawn how) {
  if (how == Drawn::Interpolated) ++scene.interpolated;
  if (how == Drawn::Extrapolated) ++scene.extrapolated;
  if (how == Drawn::Held) ++scene.held;
}

}  // namespace

std::optional<double> Ghost::error() const {
  if (!errorX || !errorY) return std::nullopt;
  return std::hypot(*errorX, *errorY);
}

Scene makeScene(const ingest::EntityFrame* server, const std::vector<const ingest::EntityFrame*>& rendered,
                const Authority& authority) {
  std::map<std::uint32_t, Entity> entities;
  Scene scene;
  for (std::size_t i = 0; server != nullptr && i < sizeOf(*server); ++i) {
    Entity& e = entities[server->ids[i]];
    e.id = server->ids[i];
    e.onServer = true;
    e.x = static_cast<double>(server->x[i]) * kMetre;
    e.y = static_cast<double>(server->y[i]) * kMetre;
    if (i < server->vx.size() && i < server->vy.size()) {
      e.vx = static_cast<double>(server->vx[i]) * kMetre;
      e.vy = static_cast<double>(server->vy[i]) * kMetre;
    }
    if (i < server->flags.size()) e.flags = server->flags[i];
  }
  for (std::size_t editor = 0; editor < rendered.size(); ++editor) {
    const ingest::EntityFrame& frame = *rendered[editor];
    for (std::size_t i = 0; i < sizeOf(frame); ++i) {
      Entity& e = entities[frame.ids[i]];
      e.id = frame.ids[i];
      const std::uint32_t flags = i < frame.flags.size() ? frame.flags[i] : 0;
      Ghost ghost{editor,
                  static_cast<double>(frame.x[i]) * kMetre,
                  static_cast<double>(frame.y[i]) * kMetre,
                  drawnAs(flags),
                  {},
                  {}};
      if (!e.onServer && e.ghosts.empty()) {
        e.x = ghost.x;
        e.y = ghost.y;
        e.flags = flags;
      }
      const auto pose = authority ? authority(e.id, frame.renderTick48_16) : std::nullopt;
      if (pose && ghost.how != Drawn::Predicted) {
        ghost.errorX = pose->x - ghost.x;
        ghost.errorY = pose->y - ghost.y;
        scene.worstError = std::max(scene.worstError, *ghost.error());
      }
      count(scene, ghost.how);
      e.ghosts.push_back(ghost);
    }
  }
  scene.entities.reserve(entities.size());
  for (auto& [id, entity] : entities) scene.entities.push_back(std::move(entity));
  return scene;
}

namespace {

void extend(std::vector<TrailPoint>& trail, const ingest::EntityFrame& frame, std::size_t i, bool missed) {
  constexpr double kJump = 3;  // m between two frames: nobody walks that, even where the flag was lost with its frame
  const std::uint32_t flags = i < frame.flags.size() ? frame.flags[i] : 0;
  TrailPoint point{static_cast<double>(frame.x[i]) * kMetre, static_cast<double>(frame.y[i]) * kMetre, drawnAs(flags),
                   missed || (flags & ingest::kEntityTeleported) != 0};
  if (!trail.empty() && std::hypot(point.x - trail.back().x, point.y - trail.back().y) > kJump)
    point.breakBefore = true;
  trail.push_back(point);
}

}  // namespace

std::vector<Trail> trailsOf(const std::vector<std::uint32_t>& ids, const Frames& server,
                            const std::vector<Frames>& rendered) {
  std::map<std::uint32_t, Trail> trails;
  for (const std::uint32_t id : ids) {
    trails[id].id = id;
    trails[id].drawn.resize(rendered.size());
  }
  const auto walk = [&](const Frames& frames, auto&& lineOf) {
    std::map<std::uint32_t, std::size_t> seen;
    for (std::size_t n = 0; n < frames.size(); ++n) {
      const ingest::EntityFrame& frame = *frames[n];
      for (std::size_t i = 0; i < sizeOf(frame); ++i) {
        const auto trail = trails.find(frame.ids[i]);
        if (trail == trails.end()) continue;
        const auto [before, fresh] = seen.try_emplace(frame.ids[i], n);
        extend(lineOf(trail->second), frame, i, !fresh && before->second + 1 != n);
        before->second = n;
      }
    }
  };
  walk(server, [](Trail& trail) -> std::vector<TrailPoint>& { return trail.server; });
  for (std::size_t editor = 0; editor < rendered.size(); ++editor)
    walk(rendered[editor], [editor](Trail& trail) -> std::vector<TrailPoint>& { return trail.drawn[editor]; });
  std::vector<Trail> out;
  for (auto& [id, trail] : trails) {
    const bool any =
        trail.server.size() > 1 || std::ranges::any_of(trail.drawn, [](const auto& d) { return d.size() > 1; });
    if (any) out.push_back(std::move(trail));
  }
  return out;
}

std::optional<Bounds> boundsOf(const Scene& scene) {
  std::optional<Bounds> bounds;
  const auto include = [&](double x, double y) {
    if (!bounds) bounds = Bounds{x, x, y, y};
    bounds->left = std::min(bounds->left, x);
    bounds->right = std::max(bounds->right, x);
    bounds->bottom = std::min(bounds->bottom, y);
    bounds->top = std::max(bounds->top, y);
  };
  for (const Entity& e : scene.entities) {
    include(e.x, e.y);
    for (const Ghost& g : e.ghosts) include(g.x, g.y);
  }
  return bounds;
}

std::optional<std::uint32_t> nearest(const Scene& scene, double x, double y, double reach) {
  std::optional<std::uint32_t> best;
  double least = reach;
  const auto consider = [&](std::uint32_t id, double ex, double ey) {
    const double distance = std::hypot(ex - x, ey - y);
    if (distance > least) return;
    least = distance;
    best = id;
  };
  for (const Entity& e : scene.entities) {
    consider(e.id, e.x, e.y);
    for (const Ghost& g : e.ghosts) consider(e.id, g.x, g.y);
  }
  return best;
}

int errorScale(double worstError, double pixelsPerMetre, double pixels) {
  const double shown = worstError * pixelsPerMetre;
  if (!(shown > 0)) return 1;
  for (const int scale : {1, 10, 100})
    if (shown * scale * 10 > pixels * 2) return scale;
  return 1000;
}

}  // namespace qd::widgets::world
