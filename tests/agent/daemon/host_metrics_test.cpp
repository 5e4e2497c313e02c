// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/host_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace qd::daemon {
namespace {

namespace fs = std::filesystem;

class HostMetricsTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(root_); }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  static std::vector<std::string> names(const HostMetrics& metrics) {
    std::vector<std::string> out;
    for (const auto& series : metrics.series()) out.emplace_back(series.name);
    return out;
  }
  fs::path root_ = fs::temp_directory_path() / ("qdhost-" + std::to_string(::getpid()));
};

TEST_F(HostMetricsTest, OffersNothingWhereThereIsNothing) {
  HostMetrics metrics(root_);
  EXPECT_TRUE(metrics.series().empty());
  EXPECT_TRUE(metrics.sample().empty());
}

TEST_F(HostMetricsTest, ReadsWhatLinuxTells) {
  write("proc/stat", "cpu 100 0 100 800 0 0 0 0 0 0\n");
  write("proc/pressure/cpu", "some avg10=12.34 avg60=0.00 avg300=0.00 total=5\n");
  write("proc/self/cgroup", "0::/pod/game\n");
  write("sys/fs/cgroup/pod/game/cpu.stat", "usage_usec 9\nnr_throttled 1\nthrottled_usec 1000\n");
  write("proc/net/snmp", "Ip: A\nIp: 1\nUdp: InDatagrams RcvbufErrors\nUdp: 10 3\n");
  HostMetrics metrics(root_);
  EXPECT_THAT(names(metrics), testing::ElementsAre("host.cpu", "host.psi", "host.steal", "host.cpu_throttled",
                                                   "net.udp_rcvbuf_errors"));
  write("proc/stat", "cpu 150 0 100 820 0 0 0 30 0 0\n");
  write("sys/fs/cgroup/pod/game/cpu.stat", "usage_usec 9\nnr_throttled 1\nthrottled_usec 4000\n");
  const auto values = metrics.sample();
  ASSERT_EQ(values.size(), 5u);
  EXPECT_EQ(values[0].value, 5000);  // 50 of 100, in hundredths of a percent
  EXPECT_EQ(values[1].value, 1234);
  EXPECT_EQ(values[2].value, 3000);
  EXPECT_EQ(values[3].value, 3000);  // µs of this second
  EXPECT_EQ(values[4].value, 3);
}

TEST_F(HostMetricsTest, GarbageIsNoMetric) {
  write("proc/stat", "nonsense\n");
  write("proc/pressure/cpu", "some x=1\n");
  EXPECT_TRUE(HostMetrics(root_).series().empty());
}

}  // namespace
}  // namespace qd::daemon
