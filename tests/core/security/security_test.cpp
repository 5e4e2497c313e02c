// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/security/credentials.h"
#include "core/security/pki.h"

namespace qd::security {
namespace {

namespace fs = std::filesystem;

class Pki : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "qd-pki-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    const auto ca = createAuthority(folder_, "test-ca");
    ASSERT_TRUE(ca) << ca.error().message;
  }
  void TearDown() override { fs::remove_all(folder_); }
  IssuedFiles issue(const IssueOrder& order) {
    const auto files = issueCertificate(folder_, order);
    EXPECT_TRUE(files) << files.error().message;
    return files.value_or(IssuedFiles{});
  }
  std::string folder_;
};

TEST(RolesTest, IncludeOneAnother) {
  EXPECT_TRUE(Roles().add(Role::Debugger).allows(Role::Operator));
  EXPECT_TRUE(Roles().add(Role::Operator).allows(Role::Viewer));
  EXPECT_FALSE(Roles().add(Role::Operator).allows(Role::Debugger));
  EXPECT_FALSE(Roles().add(Role::Viewer).allows(Role::Operator));
  EXPECT_FALSE(Roles().add(Role::Agent).allows(Role::Debugger));
  EXPECT_FALSE(Roles().allows(Role::Viewer));
  EXPECT_FALSE(loopbackIdentity(false).roles.allows(Role::Debugger));
  EXPECT_TRUE(loopbackIdentity(true).roles.allows(Role::Debugger));
}

TEST(RolesTest, StandInUris) {
  EXPECT_EQ(roleUri(Role::Operator), "urn:quarterdeck:role:operator");
  EXPECT_EQ(roleFromUri("urn:quarterdeck:role:agent"), Role::Agent);
  EXPECT_FALSE(roleFromUri("urn:quarterdeck:role:root"));
  EXPECT_FALSE(roleFromUri("spiffe://x/operator"));
}

TEST(Loopback, IsRecognised) {
  EXPECT_TRUE(isLoopback("127.0.0.1:7400"));
  EXPECT_TRUE(isLoopback("localhost:1"));
  EXPECT_TRUE(isLoopback("[::1]:7400"));
  EXPECT_FALSE(isLoopback("0.0.0.0:7400"));
  EXPECT_FALSE(isLoopback("127.0.0.1.evil.example:7400"));
  EXPECT_FALSE(isLoopback("10.0.0.1:7400"));
}

TEST_F(Pki, IssuesWhatCredentialsAccept) {
  const auto agent = issue({"agent-1", {Role::Agent}, {"localhost", "127.0.0.1"}, 30});
  const auto ann = issue({"ann", {Role::Operator}, {}, 30});
  EXPECT_TRUE(serverCredentials({folder_ + "/ca.pem", agent.certificate, agent.key, ""}));
  grpc::ChannelArguments arguments;
  EXPECT_TRUE(channelCredentials({folder_ + "/ca.pem", ann.certificate, ann.key, ""}, arguments));
  EXPECT_EQ(fs::status(ann.key).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Pki, NeverOverwrites) {
  issue({"ann", {Role::Viewer}, {}, 30});
  const auto again = issueCertificate(folder_, {"ann", {Role::Viewer}, {}, 30});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::Conflict);
  EXPECT_EQ(createAuthority(folder_, "test-ca").error().code, ErrorCode::Conflict);
}

TEST_F(Pki, RefusesBadNames) {
  EXPECT_EQ(issueCertificate(folder_, {"../x", {Role::Viewer}, {}, 30}).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(issueCertificate(folder_, {"x", {}, {"a,URI:urn:quarterdeck:role:agent"}, 30}).error().code,
            ErrorCode::InvalidArgument);
  EXPECT_EQ(issueCertificate(folder_ + "/none", {"x", {Role::Viewer}, {}, 30}).error().code, ErrorCode::NotFound);
}

TEST_F(Pki, SaysWhatIsWrongWithFiles) {
  const auto ann = issue({"ann", {Role::Viewer}, {}, 30});
  const auto bob = issue({"bob", {Role::Viewer}, {}, 30});
  const auto old = issue({"old", {Role::Viewer}, {}, -1});
  const std::string ca = folder_ + "/ca.pem";
  EXPECT_NE(check({ca, ann.certificate, bob.key, ""}).error().message.find("does not belong"), std::string::npos);
  EXPECT_NE(check({ca, old.certificate, old.key, ""}).error().message.find("expired"), std::string::npos);
  EXPECT_EQ(check({folder_ + "/none.pem", "", "", ""}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(check({ca, ann.certificate, "", ""}).error().code, ErrorCode::InvalidArgument);
  std::ofstream(folder_ + "/junk.pem") << "junk";
  EXPECT_NE(check({folder_ + "/junk.pem", "", "", ""}).error().message.find("no PEM"), std::string::npos);
}

}  // namespace
}  // namespace qd::security
