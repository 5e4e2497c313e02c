// SPDX-License-Identifier: GPL-3.0-or-later
// One moment of a world as it is drawn from above: where the server had each entity, where each editor drew it, and how
// far off that was. Metres, x to the right, y up. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/netcode/world_history.h"

namespace qd::widgets::world {

enum class Drawn { Plain, Interpolated, Extrapolated, Held, Predicted };

struct Ghost {
  std::size_t editor = 0;  // index into the frames given
  double x = 0, y = 0;
  Drawn how = Drawn::Plain;
  // From where it was drawn to where the server had it at the tick that was shown; empty: not known.
  std::optional<double> errorX, errorY;
  std::optional<double> error() const;  // m, in the plane
};

struct Entity {
  std::uint32_t id = 0;
  std::uint32_t flags = 0;
  bool onServer = false;  // false: only editors know it at this moment
  double x = 0, y = 0, vx = 0, vy = 0;
  std::vector<Ghost> ghosts;
};

struct Scene {
  std::vector<Entity> entities;  // by id
  double worstError = 0;         // m
  std::size_t interpolated = 0, extrapolated = 0, held = 0;
  bool isEmpty() const { return entities.empty(); }
};

// Where the server had an entity at a fractional tick (WorldHistory::authoritativeAt bound to it).
using Authority = std::function<std::optional<netcode::Pose>(std::uint32_t entity, std::uint64_t tick48_16)>;

// `server` may be null; `rendered` are the frames of its editors, none of them null. Columns of unequal length are cut
// to the shortest: a frame comes from somebody else's process.
Scene makeScene(const ingest::EntityFrame* server, const std::vector<const ingest::EntityFrame*>& rendered,
                const Authority& authority);

// Where one entity went during the last moments, broken where it was put elsewhere.
struct TrailPoint {
  double x = 0, y = 0;
  Drawn how = Drawn::Plain;
  bool breakBefore = false;
};
struct Trail {
  std::uint32_t id = 0;
  std::vector<TrailPoint> server;
  std::vector<std::vector<TrailPoint>> drawn;  // one an editor
};
using Frames = std::vector<netcode::EntityFramePtr>;
// Oldest first; entities without two points are left out.
std::vector<Trail> trailsOf(const std::vector<std::uint32_t>& ids, const Frames& server,
                            const std::vector<Frames>& rendered);

struct Bounds {
  double left = 0, right = 0, bottom = 0, top = 0;
};
std::optional<Bounds> boundsOf(const Scene& scene);

// The entity nearest to (x, y) within `reach`, ghosts included.
std::optional<std::uint32_t> nearest(const Scene& scene, double x, double y, double reach);

// By how much error vectors are lengthened so that the worst is about `pixels` long: 1, 10, 100 or 1,000.
int errorScale(double worstError, double pixelsPerMetre, double pixels);

}  // namespace qd::widgets::world
