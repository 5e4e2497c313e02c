// SPDX-License-Identifier: Apache-2.0
// Real quarterdeckd, a real game, a real client: what is described and what is streamed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include <map>

#include "tests/agent/daemon/live/programs.h"

namespace qd::live {
namespace {

using std::chrono::seconds;

// Reads one subscription and checks what must hold of any: `previous` chains, rings join without a hole.
class Reader {
 public:
  Reader(const Agent& agent, const pb::SubscribeRequest& request) : stub_(agent.stub()) {
    context_.set_deadline(std::chrono::system_clock::now() + seconds(30));
    reader_ = stub_->Subscribe(&context_, request);
  }
  ~Reader() {
    context_.TryCancel();
    if (reader_) finish();
  }

  bool next(pb::Batch& batch) {
    if (!reader_->Read(&batch)) return false;
    if (batch.sequence() != 0) {
      if (last_) {
        EXPECT_EQ(batch.previous(), *last_);
      }
      last_ = batch.sequence();
    }
    if (batch.has_samples()) check(batch.samples());
    return true;
  }
  // Reads on until `is`; false: the stream ended first.
  bool until(const std::function<bool(const pb::Batch&)>& is) {
    pb::Batch batch;
    while (next(batch)) {
      if (is(batch)) return true;
    }
    return false;
  }
  grpc::Status finish() {
    const grpc::Status status = reader_->Finish();
    reader_.reset();
    return status;
  }
  std::uint64_t samples() const { return samples_; }
  std::uint64_t position() const { return last_.value_or(0); }
  std::int64_t lastTick() const { return lastTick_; }

 private:
  void check(const pb::SampleBlock& block) {
    if (block.ring() == 0) {
      const auto key = block.process().id() + std::to_string(block.process().instance());
      if (nextRecord_.contains(key) && !block.late()) {
        EXPECT_EQ(block.first_sequence(), nextRecord_[key]);
      }
      nextRecord_[key] = block.first_sequence() + block.count();
      EXPECT_EQ(block.dropped(), 0u);
    }
    std::vector<std::int64_t> ticks;
    std::int64_t tick = 0;
    for (const auto delta : block.tick_deltas()) ticks.push_back(tick += delta);
    if (block.ring() == 0 && !ticks.empty()) lastTick_ = ticks.back();
    for (const auto& column : block.columns()) {
      const int count = std::max(column.integers_size(), column.doubles_size());
      samples_ += static_cast<std::uint64_t>(count);
      if (column.series() >= 0x8000 || column.integers_size() == 0) continue;
      for (int i = 0; i < count; ++i) {
        const auto row = static_cast<std::size_t>(column.rows_size() ? column.rows(i) : static_cast<std::uint32_t>(i));
        ASSERT_LT(row, ticks.size());
        EXPECT_EQ(column.integers(i) / 1000, ticks[row]);
      }
    }
  }

  std::unique_ptr<pb::Agent::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<pb::Batch>> reader_;
  std::optional<std::uint64_t> last_;
  std::map<std::string, std::uint64_t> nextRecord_;
  std::uint64_t samples_ = 0;
  std::int64_t lastTick_ = 0;
};

pb::SubscribeRequest all() {
  pb::SubscribeRequest request;
  request.set_entity_frames(true);
  return request;
}

TEST(LiveStream, DescribesWhatTheGameDeclares) {
  Folder folder;
  Agent agent(folder);
  ASSERT_FALSE(agent.address().empty()) << agent.child().errors();
  const Child game = agent.game("server-1");
  const auto process = agent.process("server-1", running);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->kind(), pb::Process::SERVER);
  EXPECT_EQ(process->domain(), "server-1");
  EXPECT_EQ(process->pid(), game.pid());
  std::vector<std::string> names;
  for (const auto& series : process->series()) names.push_back(series.name());
  EXPECT_THAT(names, testing::IsSupersetOf({"test.i0", "test.f1", "host.cpu"}));
  ASSERT_EQ(process->parameters_size(), 1);
  EXPECT_EQ(process->parameters(0).name(), "npc.density");
  EXPECT_EQ(process->parameters(0).max(), 4);
  ASSERT_EQ(process->sites_size(), 1);
  EXPECT_EQ(process->sites(0).line(), 77);
  ASSERT_EQ(process->actions_size(), 1);
  const auto description = agent.describe();
  EXPECT_EQ(description.protocol(), 1u);
  ASSERT_EQ(description.parameters_size(), 1);
  EXPECT_EQ(description.parameters(0).values(0).value().double_value(), 1);
}

TEST(LiveStream, StreamsEverySampleInOrderAndEntities) {
  Folder folder;
  Agent agent(folder);
  const Child game = agent.game("server-1", {"--entities", "20"});
  ASSERT_TRUE(agent.process("server-1", running));
  Reader reader(agent, all());
  bool state = false, caught = false, entities = false, host = false, log = false;
  EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
    state |= batch.sequence() == 0 && batch.has_process();
    caught |= batch.has_caught_up();
    entities |= batch.has_entities() && batch.entities().ids_size() == 20;
    host |= batch.has_samples() && batch.samples().ring() == 0x8000;
    log |= batch.has_log();
    return state && caught && entities && host && log && reader.samples() > 400;
  }));
}

TEST(LiveStream, EditorsSendTheTicksTheyShow) {
  Folder folder;
  Agent agent(folder);
  const Child game = agent.game("editor-1", {"--kind", "editor", "--domain", "server-1", "--entities", "3"});
  const auto process = agent.process("editor-1", running);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->domain(), "server-1");
  Reader reader(agent, all());
  EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
    if (!batch.has_frames()) return false;
    const auto& frames = batch.frames();
    EXPECT_EQ(frames.domain(), "server-1");
    EXPECT_EQ(frames.render_ticks_48_16(0), static_cast<std::uint64_t>(frames.frames(0)) << 16);
    EXPECT_EQ(frames.predicted_ticks(0), frames.frames(0) + 2);
    return true;
  }));
}

TEST(LiveStream, GlobsAndTiersChoose) {
  Folder folder;
  Agent agent(folder);
  const Child game = agent.game("server-1");
  ASSERT_TRUE(agent.process("server-1", running));
  pb::SubscribeRequest request;
  request.add_series_globs("test.i*");
  request.add_process_globs("server-?");
  request.set_tier(pb::SubscribeRequest::FULL);
  Reader full(agent, request);
  EXPECT_TRUE(full.until([&](const pb::Batch& batch) {
    if (!batch.has_samples()) return false;
    for (const auto& column : batch.samples().columns()) EXPECT_EQ(column.doubles_size(), 0);
    return full.samples() > 60;
  }));
  request.set_tier(pb::SubscribeRequest::ROLLUP);
  request.set_backfill_ns(10'000'000'000);
  Reader rollups(agent, request);
  EXPECT_TRUE(rollups.until([&](const pb::Batch& batch) {
    EXPECT_FALSE(batch.has_samples());
    if (!batch.has_rollup()) return false;
    const auto& rollup = batch.rollup();
    EXPECT_EQ(rollup.series_size(), 2);
    EXPECT_LE(rollup.minima(0), rollup.means(0));
    EXPECT_LE(rollup.means(0), rollup.maxima(0));
    return rollup.counts(0) > 30;
  }));
  request.set_tier(pb::SubscribeRequest::EVENTS);
  Reader events(agent, request);
  EXPECT_TRUE(events.until([&](const pb::Batch& batch) {
    EXPECT_FALSE(batch.has_samples());
    return batch.has_log();
  }));
}

TEST(LiveStream, BackfillsWhatWasBefore) {
  Folder folder;
  Agent agent(folder);
  const Child game = agent.game("server-1");
  ASSERT_TRUE(agent.process("server-1", [](const pb::Process& p) { return p.tick() > 120; }));
  pb::SubscribeRequest request = all();
  request.set_backfill_ns(60'000'000'000);
  Reader reader(agent, request);
  std::int64_t first = 0;
  EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
    if (first == 0 && batch.has_samples() && batch.samples().ring() == 0) first = batch.samples().tick_deltas(0);
    return batch.has_caught_up();
  }));
  EXPECT_LT(first, 60);
  EXPECT_GT(reader.lastTick(), 100);
}

TEST(LiveStream, ASlowSubscriberHoldsUpNobody) {
  Folder folder;
  Agent agent(folder);
  const Child game = agent.game("server-1", {"--series", "400", "--hz", "250"});
  ASSERT_TRUE(agent.process("server-1", running));
  Reader slow(agent, all());  // never reads
  pb::Batch first;
  ASSERT_TRUE(slow.next(first));
  Reader fast(agent, all());
  EXPECT_TRUE(fast.until([&](const pb::Batch&) { return fast.samples() > 150'000; }));
  const std::uint64_t reached = fast.position();
  EXPECT_TRUE(slow.until([&](const pb::Batch&) { return slow.position() >= reached; }));  // and it lost nothing
}

TEST(LiveStream, AKilledGameLosesNothingThatItWrote) {
  Folder folder;
  Agent agent(folder);
  Child game = agent.game("server-1");
  ASSERT_TRUE(agent.process("server-1", running));
  Reader reader(agent, all());
  ASSERT_TRUE(reader.until([&](const pb::Batch&) { return reader.lastTick() > 60; }));
  game.signal(SIGKILL);
  std::string reason;
  EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
    reason = batch.has_process() ? batch.process().reason() : "";
    return batch.has_process() && batch.process().process().state() == pb::Process::GONE;
  }));
  EXPECT_THAT(reason, testing::HasSubstr("killed"));
  const Child again = agent.game("server-1");
  EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
    return batch.has_process() && batch.process().process().state() == pb::Process::RUNNING;
  }));
}

TEST(LiveStream, AKilledAgentComesBackAndNothingIsMissing) {
  Folder folder;
  auto agent = std::make_unique<Agent>(folder);
  const Child game = agent->game("server-1");
  ASSERT_TRUE(agent->process("server-1", running));
  std::uint64_t position = 0, nextRecord = 0;
  const std::string id = agent->describe().agent_id();
  {
    Reader reader(*agent, all());
    EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
      if (batch.has_samples() && batch.samples().ring() == 0) {
        nextRecord = batch.samples().first_sequence() + batch.samples().count();
        position = batch.sequence();
      }
      return reader.lastTick() > 60;
    }));
  }
  agent->child().signal(SIGKILL);
  agent->child().wait();
  agent = std::make_unique<Agent>(folder);
  EXPECT_EQ(agent->describe().agent_id(), id);
  pb::SubscribeRequest request = all();
  request.set_after(position);
  request.set_agent_id(id);
  Reader reader(*agent, request);
  bool joined = false;
  std::int64_t tick = 0;
  EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
    EXPECT_FALSE(batch.has_gap());
    if (batch.has_samples() && batch.samples().ring() == 0 && !joined) {
      EXPECT_EQ(batch.samples().first_sequence(), nextRecord);
      tick = batch.samples().tick_deltas(0);
      joined = true;
    }
    return joined && reader.lastTick() > tick + 120;
  }));
}

// Entries that were sent and never reached the disk (here: cut off after the kill): what comes then has other numbers,
// so that a console that resumes takes nothing new for what it had.
TEST(LiveStream, AKilledAgentGivesNoSequenceTwice) {
  Folder folder;
  auto agent = std::make_unique<Agent>(folder);
  const Child game = agent->game("server-1");
  ASSERT_TRUE(agent->process("server-1", running));
  std::uint64_t position = 0;
  std::int64_t tick = 0;
  {
    Reader reader(*agent, all());
    EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
      position = std::max(position, batch.sequence());
      tick = reader.lastTick();
      return tick > 120;
    }));
  }
  agent->child().signal(SIGKILL);
  agent->child().wait();
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "data")) {
    if (entry.path().extension() == ".qdlog") newest = std::max(newest, entry.path());
  }
  ASSERT_FALSE(newest.empty());
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) / 2);
  agent = std::make_unique<Agent>(folder);
  pb::SubscribeRequest request = all();
  request.set_after(position);
  request.set_agent_id(agent->describe().agent_id());
  Reader reader(*agent, request);
  std::uint64_t before = position;
  EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
    EXPECT_FALSE(batch.has_gap());
    if (batch.sequence() != 0) {
      EXPECT_GT(batch.sequence(), before);
      EXPECT_EQ(batch.previous(), before) << "nothing is said to be missing";
      before = batch.sequence();
    }
    return reader.lastTick() > tick + 60;
  }));
  EXPECT_GT(before, position);
}

// Roll-ups of everything and nothing at full rate; then one series is shown: its past comes late and joins the live
// ones without a hole, and the roll-ups' counts are those of the samples.
TEST(LiveStream, AnInterestWidensWhileItRuns) {
  Folder folder;
  Agent agent(folder);
  EXPECT_TRUE(agent.describe().interests());
  const Child game = agent.game("server-1");
  const auto process = agent.process("server-1", running);
  ASSERT_TRUE(process);
  std::uint32_t wanted = 0;
  for (const auto& series : process->series()) {
    if (series.name() == "test.i0") wanted = series.index();
  }
  pb::SubscribeRequest request;
  request.set_subscription_id("test-1");
  request.mutable_interest()->set_rollups(true);
  Reader reader(agent, request);
  std::map<std::int64_t, std::uint64_t> rolled;  // second → samples of test.i0
  const auto roll = [&](const pb::Batch& batch) {
    EXPECT_FALSE(batch.has_entities());
    if (!batch.has_rollup()) return;
    EXPECT_EQ(batch.rollup().sketches_size(), batch.rollup().series_size());
    for (int i = 0; i < batch.rollup().series_size(); ++i) {
      if (batch.rollup().series(i) == wanted) rolled[batch.rollup().from_ns()] = batch.rollup().counts(i);
    }
  };
  ASSERT_TRUE(reader.until([&](const pb::Batch& batch) {
    EXPECT_FALSE(batch.has_samples());
    roll(batch);
    return rolled.size() >= 2;
  }));
  pb::UpdateInterestRequest update;
  update.set_subscription_id("test-1");
  update.mutable_interest()->set_rollups(true);
  update.mutable_interest()->add_full()->add_series_globs("test.i0");
  update.set_backfill_ns(60'000'000'000);
  grpc::ClientContext context;
  pb::UpdateInterestResponse response;
  ASSERT_TRUE(agent.stub()->UpdateInterest(&context, update, &response).ok());
  std::vector<std::int64_t> ticks;
  std::map<std::int64_t, std::uint64_t> sampled;
  bool live = false;
  EXPECT_TRUE(reader.until([&](const pb::Batch& batch) {
    roll(batch);
    if (!batch.has_samples()) return false;
    EXPECT_EQ(batch.samples().columns_size(), 1);
    if (batch.samples().columns_size() != 1) return true;
    EXPECT_EQ(batch.samples().columns(0).series(), wanted);
    EXPECT_FALSE(live && batch.samples().late());
    live = live || !batch.samples().late();
    std::int64_t tick = 0, time = 0;
    std::vector<std::pair<std::int64_t, std::int64_t>> rows;
    for (int i = 0; i < batch.samples().tick_deltas_size(); ++i) {
      tick += batch.samples().tick_deltas(i);
      time += batch.samples().time_deltas(i);
      rows.emplace_back(tick, time / 1'000'000'000 * 1'000'000'000);
    }
    const auto& column = batch.samples().columns(0);
    for (int i = 0; i < column.integers_size(); ++i) {
      const auto& [at, second] = rows.at(column.rows_size() ? column.rows(i) : static_cast<std::size_t>(i));
      ticks.push_back(at);
      ++sampled[second];
    }
    return live && rolled.size() >= 4;
  }));
  for (std::size_t i = 1; i < ticks.size(); ++i) ASSERT_EQ(ticks[i], ticks[i - 1] + 1) << "at " << i;
  const auto newest = rolled.rbegin()->first;
  for (const auto& [second, count] : rolled) {
    if (second == newest) continue;
    EXPECT_EQ(sampled[second], count);
  }
}

TEST(LiveStream, AnInterestOfNobodyOrOfNonsenseIsRefused) {
  Folder folder;
  Agent agent(folder);
  const auto answer = [&](const pb::UpdateInterestRequest& request) {
    grpc::ClientContext context;
    pb::UpdateInterestResponse response;
    return agent.stub()->UpdateInterest(&context, request, &response).error_code();
  };
  pb::UpdateInterestRequest request;
  request.set_subscription_id("nobody");
  EXPECT_EQ(answer(request), grpc::StatusCode::NOT_FOUND);
  request.mutable_interest()->add_full()->add_series_globs("");
  EXPECT_EQ(answer(request), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(LiveStream, EndsInOrderUnderOpenStreams) {
  Folder folder;
  Agent agent(folder);
  const Child game = agent.game("server-1");
  ASSERT_TRUE(agent.process("server-1", running));
  Reader reader(agent, all());
  ASSERT_TRUE(reader.until([](const pb::Batch& batch) { return batch.has_samples(); }));
  agent.child().signal(SIGTERM);
  EXPECT_EQ(agent.child().wait(), 0) << agent.child().errors();
}

TEST(LiveStream, BadRequestsAreInvalid) {
  Folder folder;
  Agent agent(folder);
  pb::SubscribeRequest request;
  request.add_series_globs("");
  Reader empty(agent, request);
  pb::Batch batch;
  EXPECT_FALSE(empty.next(batch));
  request.clear_series_globs();
  for (int i = 0; i < 1000; ++i) request.add_process_globs("x");
  Reader many(agent, request);
  EXPECT_FALSE(many.next(batch));
  pb::SubscribeRequest negative;
  negative.set_backfill_ns(-1);
  Reader past(agent, negative);
  EXPECT_FALSE(past.next(batch));
  EXPECT_EQ(past.finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(LiveStream, ClockAnswersEachPing) {
  Folder folder;
  Agent agent(folder);
  auto stub = agent.stub();
  grpc::ClientContext context;
  auto stream = stub->SyncClock(&context);
  for (int i = 1; i <= 3; ++i) {
    pb::ClockPing ping;
    ping.set_client_send_ns(i);
    ASSERT_TRUE(stream->Write(ping));
    pb::ClockPong pong;
    ASSERT_TRUE(stream->Read(&pong));
    EXPECT_EQ(pong.client_send_ns(), i);
    EXPECT_GE(pong.agent_send_ns(), pong.agent_receive_ns());
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace qd::live
