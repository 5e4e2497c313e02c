// SPDX-License-Identifier: Apache-2.0
#include "stage/editor/editor.h"

#include <sys/prctl.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "stage/runtime/options.h"

namespace qd::stage {
namespace {

constexpr std::int64_t kNetworkStepNs = 5 * kNsPerMs;

ClientConfig configOf(const EditorOptions& options) {
  return {Role::Editor, options.identity.id, secretFromText(options.secret), options.seed * 7'919 + 0xed17, 1, 0};
}

}  // namespace

Editor::Editor(const EditorOptions& options, int terminationFd)
    : options_(options),
      terminationFd_(terminationFd),
      settings_{.netLatencyNs = options.impairment.latencyNs,
                .netJitterNs = options.impairment.jitterNs,
                .netLoss = options.impairment.loss},
      client_(configOf(options)),
      brain_(options.seed ^ 0xed170),
      socket_(options.seed * 131 + 3),
      telemetry_(settings_),
      impairment_(options.impairment) {}

Editor::~Editor() {
  stop_ = true;
  wake_.wake();
  if (thread_.joinable()) thread_.join();
}

std::expected<void, std::string> Editor::open() {
  if (auto bound = socket_.open({0x7f000001, 0}); !bound) return std::unexpected(bound.error());
  return telemetry_.open(options_.identity, options_.frameHz);
}

// Receives, acknowledges and sends; the frame loop only thinks, predicts and draws.
void Editor::network() {
  std::vector<Bytes> outgoing;
  const auto keep = [&outgoing](BytesView data) { outgoing.emplace_back(data.begin(), data.end()); };
  std::vector<Bytes> incoming;
  while (!stop_) {
    waitReadable(socket_.fd(), wake_.fd(), std::min(socket_.nextDueNs(), monotonicNs() + kNetworkStepNs));
    wake_.drain();
    const auto now = monotonicNs();
    {
      const std::lock_guard lock(impairmentMutex_);
      socket_.impair(impairment_);
    }
    incoming.clear();
    socket_.receive([&](const Endpoint&, BytesView data) { incoming.emplace_back(data.begin(), data.end()); });
    {
      const std::lock_guard lock(mutex_);
      for (const auto& data : incoming) client_.receive(data, now);
      client_.poll(now, keep);
    }
    for (const auto& data : outgoing) socket_.send(options_.server, data, now);
    outgoing.clear();
    socket_.flush(now);
  }
  const std::lock_guard lock(mutex_);
  client_.leave(monotonicNs(), keep);
  for (const auto& data : outgoing) socket_.send(options_.server, data, monotonicNs());
  socket_.flush(INT64_MAX);
}

void Editor::run() {
  prctl(PR_SET_TIMERSLACK, 1UL);
  thread_ = std::thread([this] { network(); });
  auto next = monotonicNs();
  const auto end = options_.forNs > 0 ? next + options_.forNs : INT64_MAX;
  const auto step = kNsPerSecond / options_.frameHz;
  while (monotonicNs() < end) {
    waitReadable(terminationFd_, -1, std::min(next, end));
    if (terminated(terminationFd_)) break;
    if (monotonicNs() < next) continue;
    frame(next);
    next = std::max(next + step, monotonicNs() - step);  // a late frame is not made up for by a burst
  }
  stop_ = true;
  wake_.wake();
  thread_.join();
}

void Editor::frame(std::int64_t) {
  const auto now = monotonicNs();
  auto& f = frame_;
  f.frameNo = ++frameNo_;
  f.startNs = now;
  f.second = frameNo_ % static_cast<std::uint64_t>(options_.frameHz) == 0;
  {
    const std::lock_guard lock(mutex_);
    client_.setRenderBias({std::llround(settings_.renderBiasM * kUmPerMetre), 0, 0});
    client_.setInputDrop(static_cast<int>(settings_.dropInputs));
    f.renderFixed = client_.advanceRender(now, settings_.interpDelayNs);
    f.predicted = client_.predictedTick();
  }
  const auto allowed = qd_frame_begin(telemetry_.probe(), f.frameNo, static_cast<std::uint64_t>(f.renderFixed),
                                      static_cast<std::uint64_t>(f.predicted));
  const auto draw = telemetry_.probe() == nullptr ? f.renderFixed : static_cast<std::int64_t>(allowed);
  {
    const std::lock_guard lock(mutex_);
    f.drawn = client_.render(draw, f.poses);
    client_.advance(now, [this](Tick tick) { return brain_.think(client_, tick); });
    const auto& head = client_.head();
    const auto& clock = client_.renderClock();
    auto& link = client_.link();
    f.view = client_.view();
    f.player = client_.player();
    f.predicted = client_.predictedTick();
    if (client_.predicting()) f.own = client_.own();
    if (client_.predicting()) f.ownPicture = client_.ownPicture(lastFrameNs_ == 0 ? 0 : (now - lastFrameNs_) / 1e9);
    f.ownYaw = client_.lastInput().yaw;
    f.state = client_.state(now);
    f.tickHz = head.tickHz;
    f.parked = head.parked;
    f.serverTick = client_.serverTick(now);
    f.viewAgeNs = client_.viewAgeNs(now);
    f.bufferDepth = static_cast<double>(client_.buffer().newest()) - static_cast<double>(f.view.fixed()) / kFixedOne;
    f.starved = f.drawn && !f.parked && draw > client_.buffer().newest() * kFixedOne;
    f.timeScale = clock.scale();
    f.delayTicks = clock.delayTicks();
    f.window = clock.window();
    f.rttNs = static_cast<std::int64_t>(link.clock().rttNs());
    f.rttDeviationNs = static_cast<std::int64_t>(link.clock().rttDeviationNs());
    f.jitterNs = static_cast<std::int64_t>(link.jitterNs());
    f.counters = client_.counters();
    f.sequence = link.sequence().counts();
    f.bytesIn = link.bytesIn();
    f.bytesOut = link.bytesOut();
    if (f.second) f.loss = link.sequence().takeLoss();
    if (f.second) f.burst = link.sequence().takeBurst();
    f.confirmed = client_.takeConfirmed();
    f.shots = client_.takeShots();
    f.divergences = client_.takeDivergences();
    f.arrivals = client_.takeArrivals();
    f.notice = client_.takeNotice().value_or("");
  }
  wake_.wake();  // new inputs go out at once
  telemetry_.frameDone(f, lastFrameNs_ == 0 ? 0 : now - lastFrameNs_);
  announce(f.state);
  const ImpairmentSettings wanted{
      .latencyNs = settings_.netLatencyNs, .jitterNs = settings_.netJitterNs, .loss = settings_.netLoss};
  {
    const std::lock_guard lock(impairmentMutex_);
    impairment_ = wanted;
  }
  const auto parked = static_cast<std::int64_t>(qd_frame_end(telemetry_.probe()));
  telemetry_.totals().parkedNs += parked;
  lastFrameNs_ = now + parked;  // the frame after a stop is no hitch
}

// One line each, when it is first in the game and when it is first attached to an agent.
void Editor::announce(NetState state) {
  const auto tell = [](bool& told, bool now, const char* line) {
    if (told || !now) return;
    told = true;
    std::printf("%s\n", line);
    std::fflush(stdout);
  };
  tell(announced_, state >= NetState::Connected, "{\"ready\":true,\"connected\":1}");
  tell(attached_, qd_connected(telemetry_.probe()) != 0, "{\"attached\":true}");
}

std::string Editor::report() {
  const std::lock_guard lock(mutex_);
  const auto& t = telemetry_.totals();
  const auto& c = client_.counters();
  return nlohmann::json{{"id", options_.identity.id},
                        {"connected", client_.connected()},
                        {"frames", t.frames},
                        {"interpolated", t.interpolated},
                        {"extrapolated", t.extrapolated},
                        {"held", t.held},
                        {"starved", t.starved},
                        {"snapshots", c.snapshots},
                        {"undecodable", c.undecodable},
                        {"confirmed", c.confirmed},
                        {"corrections", c.corrections},
                        {"predict_error_max_m", static_cast<double>(t.maxPredictErrorUm) / 1e6},
                        {"rtt_ms", client_.link().clock().rttNs() / 1e6},
                        {"shots", c.shots},
                        {"reconnects", c.reconnects},
                        {"parked_ms", t.parkedNs / 1'000'000}}
      .dump();
}

}  // namespace qd::stage
