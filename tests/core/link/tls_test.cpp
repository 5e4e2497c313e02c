// SPDX-License-Identifier: Apache-2.0
// Mutual TLS between the link and an agent: roles arrive, strangers do not, renewed certificates are taken up while
// streams run on.
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "core/link/describe.h"
#include "core/security/pki.h"
#include "tests/core/link/fake_agent.h"

namespace qd::link {
namespace {

namespace fs = std::filesystem;
using security::Role;

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = made();
    agent_ = issue(folder_, {"agent-1", {Role::Agent}, {"localhost", "127.0.0.1"}, 30});
    const auto credentials = security::serverCredentials({ca(folder_), agent_.certificate, agent_.key, ""});
    ASSERT_TRUE(credentials) << credentials.error().message;
    agent.start(0, *credentials);
  }
  void TearDown() override {
    agent.stop();
    for (const std::string& folder : folders_) fs::remove_all(folder);
  }
  std::string made() {
    std::string pattern = (fs::temp_directory_path() / "qd-tls-XXXXXX").string();
    folders_.emplace_back(mkdtemp(pattern.data()));
    EXPECT_TRUE(security::createAuthority(folders_.back(), "ca"));
    return folders_.back();
  }
  static security::IssuedFiles issue(const std::string& folder, const security::IssueOrder& order) {
    return security::issueCertificate(folder, order).value();
  }
  static std::string ca(const std::string& folder) { return folder + "/ca.pem"; }
  security::TlsOptions as(const std::string& name, std::vector<Role> roles) {
    const auto files = issue(folder_, {name, std::move(roles), {}, 30});
    return {ca(folder_), files.certificate, files.key, ""};
  }

  FakeAgent agent;
  std::string folder_;
  security::IssuedFiles agent_;
  std::vector<std::string> folders_;
};

TEST_F(TlsTest, RoleAndNameArrive) {
  const auto overview = describe(agent.endpoint(), as("ann", {Role::Operator}));
  ASSERT_TRUE(overview) << overview.error().message;
  const auto caller = agent.callers.at(0);
  EXPECT_EQ(caller.who, "ann");
  EXPECT_TRUE(caller.roles.allows(Role::Operator));
  EXPECT_FALSE(caller.roles.allows(Role::Debugger));
}

TEST_F(TlsTest, StrangersAreKeptOut) {
  const std::string other = made();
  const auto eve = issue(other, {"eve", {Role::Debugger}, {}, 30});
  const Duration brief{2 * kNsPerSecond};
  EXPECT_FALSE(describe(agent.endpoint(), {ca(folder_), eve.certificate, eve.key, ""}, brief));
  EXPECT_FALSE(describe(agent.endpoint(), {ca(folder_), "", "", ""}, brief));  // no certificate
  const auto plain = describe(agent.endpoint(), {}, brief);
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().message.find("it may demand TLS"), std::string::npos) << plain.error().message;
  auto ann = as("ann", {Role::Viewer});
  ann.ca = ca(other);  // does not trust this agent
  const auto untrusted = describe(agent.endpoint(), ann, brief);
  ASSERT_FALSE(untrusted);
  EXPECT_NE(untrusted.error().message.find("check the CA"), std::string::npos) << untrusted.error().message;
  EXPECT_TRUE(agent.callers.empty());
}

TEST_F(TlsTest, ServerNameIsChecked) {
  auto ann = as("ann", {Role::Viewer});
  ann.serverName = "somebody.else";
  EXPECT_FALSE(describe(agent.endpoint(), ann, Duration{2 * kNsPerSecond}));
  ann.serverName = "localhost";
  EXPECT_TRUE(describe(agent.endpoint(), ann));
}

// The agent's files are replaced by those of another CA: whoever trusts that one alone gets in from then on, and the
// stream that was open before goes on.
TEST_F(TlsTest, RenewedCertificatesAreTakenUpWhileStreamsRunOn) {
  const auto ann = as("ann", {Role::Viewer});
  grpc::ChannelArguments arguments;
  const auto channel =
      grpc::CreateCustomChannel(agent.endpoint(), *security::channelCredentials(ann, arguments), arguments);
  const auto stub = pb::Agent::NewStub(channel);
  grpc::ClientContext context;
  const auto stream = stub->Subscribe(&context, pb::SubscribeRequest());
  pb::Batch entry;
  entry.mutable_caught_up();
  agent.log(entry);
  ASSERT_TRUE(stream->Read(&entry));

  const std::string next = made();
  const auto renewed = issue(next, {"agent-1", {Role::Agent}, {"127.0.0.1"}, 30});
  const auto bob = issue(next, {"bob", {Role::Viewer}, {}, 30});
  fs::rename(renewed.key, agent_.key);
  fs::rename(renewed.certificate, agent_.certificate);
  const std::string nextCa = next + "/trust.pem";
  fs::copy_file(ca(next), nextCa);
  fs::rename(ca(next), ca(folder_));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  bool taken = false;
  while (!taken && std::chrono::steady_clock::now() < deadline) {
    taken = describe(agent.endpoint(), {nextCa, bob.certificate, bob.key, ""}, Duration{kNsPerSecond}).has_value();
  }
  EXPECT_TRUE(taken);
  entry.set_sequence(5);
  agent.log(entry);
  EXPECT_TRUE(stream->Read(&entry));
  EXPECT_EQ(entry.sequence(), 5U);
  context.TryCancel();
}

}  // namespace
}  // namespace qd::link
