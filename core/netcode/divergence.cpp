// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/divergence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/netcode/event_fields.h"
#include "core/netcode/tick_history.h"

namespace qd::netcode {
namespace {

constexpr int kMostSteps = 16;

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    if (comma > from) out.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return out;
}

std::int64_t micro(double metres) {
  return std::llround(metres * 1e6);
}

// What of one tick's prediction the server's frame of that tick contradicts; nothing where it cannot be asked.
std::optional<std::vector<DivergedField>> differences(const ingest::GameEvent& event, int step, std::uint32_t player,
                                                      const ingest::EntityFrame& frame) {
  if (!sound(frame)) return std::nullopt;
  const auto at = EntityIndex(frame).find(frame, player);
  if (!at) return std::nullopt;
  std::vector<DivergedField> out;
  const auto alive = numberOf(event.fields, fmt::format("alive{}", step));
  const double lives = (frame.flags[*at] & ingest::kEntityAlive) != 0 ? 1 : 0;
  if (alive && *alive != lives) out.push_back({"alive", *alive, lives});
  const auto compare = [&](const char* name, const char* key, std::int64_t truth) {
    const auto predicted = numberOf(event.fields, fmt::format("{}{}_m", key, step));
    if (predicted && std::abs(*predicted) < 1e9 && micro(*predicted) != truth)
      out.push_back({name, *predicted, static_cast<double>(truth) / 1e6});
  };
  compare("pos.x", "x", frame.x[*at]);
  compare("pos.y", "y", frame.y[*at]);
  compare("pos.z", "z", frame.z[*at]);
  return out;
}

void locate(const ingest::GameEvent& event, const FrameOfTick& frames, Divergence& divergence) {
  for (int step = 0; step < kMostSteps; ++step) {
    const auto tick = integerOf(event.fields, fmt::format("t{}", step));
    if (!tick) return;
    const EntityFramePtr frame = frames ? frames(*tick) : nullptr;
    if (frame == nullptr || frame->tick != *tick) continue;
    auto differing = differences(event, step, divergence.player, *frame);
    if (!differing || differing->empty()) continue;
    divergence.tick = *tick;
    divergence.located = true;
    divergence.at = std::move(*differing);
    // Before the confirmed tick only these are known of the prediction; a cause that the client was told of explains
    // them, unless it is nothing but the position itself.
    if (divergence.field.empty() || divergence.field.starts_with("pos.")) divergence.field = divergence.at[0].name;
    return;
  }
}

}  // namespace

std::optional<Divergence> divergenceOf(const ingest::GameEvent& event, const FrameOfTick& frames) {
  if (event.name != "predict.diverged") return std::nullopt;
  const auto player = integerOf(event.fields, "player"), confirmed = integerOf(event.fields, "tick");
  if (!player || !confirmed || *player < 0 || *player > UINT32_MAX) return std::nullopt;
  Divergence out;
  out.client = event.process.id;
  out.player = static_cast<std::uint32_t>(*player);
  out.time = event.time;
  out.tick = out.confirmed = *confirmed;
  if (const auto agreed = integerOf(event.fields, "agreed_tick"); agreed && *agreed >= 0) out.agreed = agreed;
  out.field = textOf(event.fields, "field");
  out.fields = split(textOf(event.fields, "fields"));
  out.errorM = numberOf(event.fields, "error_m").value_or(0);
  out.replayed =
      static_cast<int>(std::clamp<std::int64_t>(integerOf(event.fields, "replayed").value_or(0), 0, 100'000));
  locate(event, frames, out);
  return out;
}

std::string describe(const Divergence& d) {
  std::string text =
      fmt::format("Player {} was predicted wrongly {} tick {}: {}", d.player, d.located ? "from" : "at the latest from",
                  d.tick, d.field.empty() ? "the state" : d.field);
  for (std::size_t i = 0; i < d.at.size(); ++i) {
    const DivergedField& f = d.at[i];
    text += i == 0 ? " (" : ", ";
    if (f.name == "alive") {
      text += fmt::format("alive: predicted {}, server {}", f.predicted != 0 ? "yes" : "no",
                          f.authoritative != 0 ? "yes" : "no");
    } else {
      text += fmt::format("{}: predicted {:.3f} m, server {:.3f} m", f.name, f.predicted, f.authoritative);
    }
  }
  text += d.at.empty() ? "" : ")";
  return text + fmt::format("; {:.0f} mm off when it was told, {} inputs replayed.", d.errorM * 1e3, d.replayed);
}

}  // namespace qd::netcode
