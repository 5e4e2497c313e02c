// SPDX-License-Identifier: Apache-2.0
// Real quarterdeckd, a real game, a real client: pushes, actions, linked breakpoints, who is let in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <limits>

#include "agent/probe/frames.h"
#include "tests/agent/daemon/live/programs.h"
#include "tests/support/paths.h"

namespace qd::live {
namespace {

using std::chrono::seconds;

pb::PushRequest setDensity(const std::string& id, double value) {
  pb::PushRequest request;
  request.set_push_id(id);
  request.add_process_ids("server-1");
  auto* assignment = request.add_assignments();
  assignment->set_name("npc.density");
  assignment->mutable_value()->set_double_value(value);
  request.set_who("test");
  return request;
}

class LiveOrders : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(agent_.process("server-1", running)) << agent_.child().errors();
    stub_ = agent_.stub();
  }
  grpc::Status push(const pb::PushRequest& request, pb::PushResponse& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(10));
    response.Clear();
    return stub_->Push(&context, request, &response);
  }

  Folder folder_;
  Agent agent_{folder_};
  Child game_ = agent_.game("server-1");
  std::unique_ptr<pb::Agent::Stub> stub_;
};

TEST_F(LiveOrders, PushIsAppliedAtATickAndOnlyOnce) {
  pb::PushResponse response;
  ASSERT_TRUE(push(setDensity("p1", 2.5), response).ok());
  ASSERT_EQ(response.results_size(), 1);
  const auto& result = response.results(0);
  EXPECT_EQ(result.status(), pb::PUSH_APPLIED);
  EXPECT_GT(result.tick(), 0);
  ASSERT_EQ(result.parameters_size(), 1);
  EXPECT_EQ(result.parameters(0).old_value().double_value(), 1);
  EXPECT_EQ(result.parameters(0).new_value().double_value(), 2.5);
  EXPECT_EQ(result.parameters(0).version(), 2u);
  const auto tick = result.tick();
  ASSERT_TRUE(push(setDensity("p1", 3), response).ok());  // the same id: what it did the first time
  EXPECT_EQ(response.results(0).tick(), tick);
  grpc::ClientContext context;
  pb::GetPushRequest get;
  get.set_push_id("p1");
  pb::PushResponse again;
  ASSERT_TRUE(stub_->GetPush(&context, get, &again).ok());
  EXPECT_EQ(again.results(0).tick(), tick);
  EXPECT_TRUE(within(seconds(10), [&] {
    const auto description = agent_.describe();
    const auto& value = description.parameters(0).values(0);
    return value.value().double_value() == 2.5 && value.push_id() == "p1" && value.who() == "test";
  }));
}

TEST_F(LiveOrders, WhatBecameOfAPushOutlivesTheAgent) {
  pb::PushResponse response;
  ASSERT_TRUE(push(setDensity("p1", 2.5), response).ok());
  const auto tick = response.results(0).tick();
  agent_.child().signal(SIGKILL);
  agent_.child().wait();
  Agent again(folder_);
  grpc::ClientContext context;
  pb::GetPushRequest get;
  get.set_push_id("p1");
  pb::PushResponse known;
  const auto status = again.stub()->GetPush(&context, get, &known);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(known.results_size(), 1);
  EXPECT_EQ(known.results(0).status(), pb::PUSH_APPLIED);
  EXPECT_EQ(known.results(0).tick(), tick);
}

TEST_F(LiveOrders, PushIsRejectedWithAReasonAndNothingApplied) {
  pb::PushResponse response;
  ASSERT_TRUE(push(setDensity("p1", 99), response).ok());
  EXPECT_EQ(response.results(0).status(), pb::PUSH_REJECTED);
  EXPECT_FALSE(response.results(0).parameters(0).reason().empty());
  auto unknown = setDensity("p2", 2);
  unknown.add_assignments()->set_name("no.such");
  unknown.mutable_assignments(1)->mutable_value()->set_int_value(1);
  ASSERT_TRUE(push(unknown, response).ok());
  EXPECT_EQ(response.results(0).status(), pb::PUSH_REJECTED);
  auto stale = setDensity("p3", 2);
  stale.mutable_assignments(0)->set_expected_version(42);
  ASSERT_TRUE(push(stale, response).ok());
  EXPECT_EQ(response.results(0).status(), pb::PUSH_REJECTED);
  auto nobody = setDensity("p4", 2);
  nobody.set_process_ids(0, "server-77");
  ASSERT_TRUE(push(nobody, response).ok());
  EXPECT_EQ(response.results(0).status(), pb::PUSH_REJECTED);
  EXPECT_EQ(agent_.describe().parameters(0).values(0).value().double_value(), 1);
}

TEST_F(LiveOrders, NonsenseIsAnInvalidArgument) {
  pb::PushResponse response;
  EXPECT_EQ(push(setDensity("p1", std::numeric_limits<double>::quiet_NaN()), response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(push(setDensity("", 1), response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  pb::PushRequest empty;
  empty.set_push_id("p5");
  EXPECT_EQ(push(empty, response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(LiveOrders, ActionsRunAndAnswer) {
  pb::RunActionRequest request;
  request.set_action_id("a1");
  request.set_process_id("server-1");
  request.set_name("echo");
  auto* argument = request.add_arguments();
  argument->set_name("text");
  argument->mutable_value()->set_string_value("hello");
  grpc::ClientContext context;
  pb::RunActionResponse response;
  const auto status = stub_->RunAction(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response.result().ok());
  EXPECT_EQ(response.result().text(), "echo hello");
  request.set_action_id("a2");
  request.set_name("no.such");
  grpc::ClientContext other;
  EXPECT_EQ(stub_->RunAction(&other, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(LiveOrders, ADuplicateLiveIdIsRefused) {
  const Child second = agent_.game("server-1");
  EXPECT_TRUE(
      within(seconds(10), [&] { return agent_.child().errors().find("connected already") != std::string::npos; }));
  EXPECT_EQ(agent_.process("server-1", running)->pid(), game_.pid());
}

// A hello with a lane that could be cut short under the agent's feet.
TEST_F(LiveOrders, AnUnsealedLaneIsRefused) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (folder_ / "probe.sock").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  qd_writer writer{};
  writer.max_bytes = 4096;
  qd_frame_start(&writer, QD_F_HELLO);
  qd_hello hello{};
  hello.magic = QD_HELLO_MAGIC;
  hello.protocol = hello.oldest_protocol = QD_PROTOCOL;
  hello.id = qd_str_of("server-2");
  hello.kind = QD_KIND_SERVER;
  hello.name = hello.domain = hello.build_version = hello.build_commit = hello.build_id = qd_str_of("");
  hello.language = qd_str_of("c");
  hello.instance = 5;
  qd_put_hello(&writer, &hello);
  ASSERT_EQ(qd_frame_finish(&writer), 0);
  const int lane = ::memfd_create("lane", MFD_CLOEXEC);
  ASSERT_EQ(::ftruncate(lane, 1 << 20), 0);
  iovec part{writer.data, writer.size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(head), &lane, sizeof lane);
  ASSERT_GT(::sendmsg(fd, &message, 0), 0);
  std::uint8_t answer[1024];
  const ssize_t n = ::recv(fd, answer, sizeof answer, 0);
  qd_frame frame;
  ASSERT_GT(n, 0);
  ASSERT_GT(qd_frame_next(answer, static_cast<std::size_t>(n), &frame), 0);
  EXPECT_EQ(frame.type, QD_F_REFUSED);
  qd_refused refused;
  ASSERT_TRUE(qd_get_refused(&frame.body, &refused));
  EXPECT_EQ(refused.code, QD_REFUSED_LANE);
  EXPECT_GT(refused.reason.size, 10u);
  qd_writer_free(&writer);
  ::close(lane);
  ::close(fd);
}

// One Debug stream with its requests numbered.
class Debugger {
 public:
  explicit Debugger(const Agent& agent) : stub_(agent.stub()) {
    context_.set_deadline(std::chrono::system_clock::now() + seconds(30));
    stream_ = stub_->Debug(&context_);
  }
  ~Debugger() { close(); }
  void close() {
    if (!stream_) return;
    context_.TryCancel();
    stream_->Finish();
    stream_.reset();
  }
  pb::DebugReply order(pb::DebugCommand command) {
    command.set_request_id(++requests_);
    stream_->Write(command);
    pb::DebugReply reply;
    until([&](const pb::DebugEvent& event) {
      if (!event.has_reply() || event.reply().request_id() != requests_) return false;
      reply = event.reply();
      return true;
    });
    return reply;
  }
  bool until(const std::function<bool(const pb::DebugEvent&)>& is) {
    pb::DebugEvent event;
    while (stream_->Read(&event)) {
      if (is(event)) return true;
    }
    return false;
  }
  bool untilGroup(pb::LinkGroup::State state) {
    return until([&](const pb::DebugEvent& event) {
      if (event.has_group()) group = event.group();
      if (event.has_hit()) hit = event.hit();
      return event.has_group() && event.group().state() == state;
    });
  }
  pb::LinkGroup group;
  pb::Hit hit;

 private:
  std::unique_ptr<pb::Agent::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::DebugCommand, pb::DebugEvent>> stream_;
  std::uint64_t requests_ = 0;
};

class LiveDebug : public LiveOrders {
 protected:
  void SetUp() override {
    LiveOrders::SetUp();
    editor_ = agent_.game("editor-1", {"--kind", "editor", "--domain", "server-1"});
    ASSERT_TRUE(agent_.process("editor-1", running));
  }
  // Links both, arms combat.hit at the server, waits until all stand.
  void stopBoth(Debugger& debugger, std::int64_t ttlNs = 0) {
    pb::DebugCommand command;
    command.mutable_renew_lease()->set_ttl_ns(ttlNs);
    ASSERT_TRUE(debugger.order(command).ok());
    command.mutable_link();
    const auto linked = debugger.order(command);
    ASSERT_TRUE(linked.ok()) << linked.error();
    auto* breakpoint = command.mutable_set_breakpoint()->mutable_breakpoint();
    breakpoint->set_group(linked.id());
    breakpoint->set_site("combat.hit");
    breakpoint->set_enabled(true);
    breakpoint->set_condition("damage == 7");
    command.mutable_set_breakpoint()->add_process_ids("server-1");
    const auto set = debugger.order(command);
    ASSERT_TRUE(set.ok()) << set.error();
    ASSERT_TRUE(debugger.untilGroup(pb::LinkGroup::STOPPED));
  }
  Child editor_;
};

TEST_F(LiveDebug, HitStopsBothAndContinueRunsBoth) {
  Debugger debugger(agent_);
  stopBoth(debugger);
  const auto group = debugger.group;
  EXPECT_EQ(group.leader(), "server-1");
  EXPECT_EQ(group.tick() % 10, 7);
  ASSERT_EQ(group.members_size(), 2);
  for (const auto& member : group.members()) EXPECT_EQ(member.state(), pb::GroupMember::STOPPED);
  if (debugger.hit.id().empty()) {
    ASSERT_TRUE(debugger.until([&](const pb::DebugEvent& event) {
      if (event.has_hit()) debugger.hit = event.hit();
      return event.has_hit();
    }));
  }
  ASSERT_EQ(debugger.hit.members_size(), 2);
  for (const auto& member : debugger.hit.members()) {
    EXPECT_EQ(member.parameters_size(), 1);
    if (member.state().process_id() != "server-1") continue;
    ASSERT_EQ(member.locals_size(), 1);
    EXPECT_EQ(member.locals(0).name(), "damage");
    EXPECT_EQ(member.locals(0).value().int_value(), 7);
    ASSERT_EQ(member.frames_size(), 1);
    EXPECT_EQ(member.frames(0).line(), 77);
  }
  EXPECT_TRUE(agent_.process("server-1", [](const pb::Process& p) { return p.state() == pb::Process::PARKED; }));
  pb::DebugCommand command;
  command.mutable_resume();
  EXPECT_TRUE(debugger.order(command).ok());
  EXPECT_TRUE(agent_.process("editor-1", running));
  EXPECT_FALSE(game_.line("parked_ns").empty());
  EXPECT_FALSE(editor_.line("parked_ns").empty());
}

TEST_F(LiveDebug, TheEndOfTheLeaseLetsBothRun) {
  {
    Debugger debugger(agent_);
    stopBoth(debugger, 2'000'000'000);
  }
  EXPECT_FALSE(game_.line("parked_ns", seconds(25)).empty());
  EXPECT_FALSE(editor_.line("parked_ns", seconds(25)).empty());
  EXPECT_TRUE(agent_.process("server-1", running));
}

TEST_F(LiveDebug, AKilledAgentLeavesNobodyFrozen) {
  Debugger debugger(agent_);
  stopBoth(debugger);
  agent_.child().signal(SIGKILL);
  EXPECT_FALSE(game_.line("parked_ns", seconds(10)).empty());
  EXPECT_FALSE(editor_.line("parked_ns", seconds(10)).empty());
}

TEST_F(LiveDebug, PauseAndStepMoveOneTick) {
  Debugger debugger(agent_);
  pb::DebugCommand command;
  command.mutable_renew_lease();
  ASSERT_TRUE(debugger.order(command).ok());
  command.mutable_link();
  const std::string group = debugger.order(command).id();
  command.mutable_pause()->set_group(group);
  const auto paused = debugger.order(command);
  ASSERT_TRUE(paused.ok()) << paused.error();
  ASSERT_TRUE(debugger.untilGroup(pb::LinkGroup::STOPPED));
  const auto tick = debugger.group.tick();
  command.mutable_step()->set_ticks(1);
  const auto stepped = debugger.order(command);
  ASSERT_TRUE(stepped.ok()) << stepped.error();
  EXPECT_TRUE(debugger.until([&](const pb::DebugEvent& event) {
    return event.has_group() && event.group().state() == pb::LinkGroup::STOPPED && event.group().tick() == tick + 1;
  }));
}

TEST(LiveAccess, DebuggingOverPlaintextNeedsTheFlag) {
  Folder folder;
  Agent agent(folder, {});
  auto stub = agent.stub();
  grpc::ClientContext context;
  auto stream = stub->Debug(&context);
  pb::DebugEvent event;
  EXPECT_FALSE(stream->Read(&event));
  const auto status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), testing::HasSubstr("--allow-debug"));
}

TEST(LiveAccess, WrongUsageAndFailureHaveTheirCodes) {
  Folder folder;
  const std::string program = paths::kBinDir + "/quarterdeckd";
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program);
    Child child(arguments);
    const int code = child.wait();
    EXPECT_THAT(child.errors(), testing::StartsWith("quarterdeckd: "));
    return code;
  };
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({"--listen", "0.0.0.0:0", "--socket", folder / "s"}), 2);
  EXPECT_EQ(run({"--listen", "nonsense", "--socket", folder / "s"}), 2);
  EXPECT_EQ(run({"--listen", "127.0.0.1:0", "--tls-cert", "x", "--socket", folder / "s"}), 2);
  EXPECT_EQ(run({"--listen", "127.0.0.1:0", "--no-such-flag"}), 2);
  Agent agent(folder);
  EXPECT_EQ(run({"--listen", "127.0.0.1:0", "--socket", folder / "probe.sock", "--data", folder / "other"}), 1);
  EXPECT_EQ(run({"--listen", agent.address(), "--socket", folder / "s2"}), 1);
  agent.child().signal(SIGTERM);
  EXPECT_EQ(agent.child().wait(), 0);
}

}  // namespace
}  // namespace qd::live
