// SPDX-License-Identifier: Apache-2.0
// A Prometheus page read, and what becomes of it: types, labels, broken lines, resets, histograms, ends, bounds.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "agent/daemon/file_tail.h"
#include "agent/daemon/prometheus_text.h"
#include "agent/daemon/scrape_series.h"

namespace qd::daemon {
namespace {

class Sink final : public SeriesSink {
 public:
  std::int32_t declare(const ScrapedSeries& series) override {
    std::string key = series.name;
    for (const auto& [label, value] : series.dimensions) key += "," + label + "=" + value;
    names.push_back(key);
    units[key] = series.unit;
    return refuse ? -1 : static_cast<std::int32_t>(names.size()) - 1;
  }
  void sample(std::int32_t handle, double value) override { last[names[static_cast<std::size_t>(handle)]] = value; }
  void end(std::int32_t handle) override { ended.push_back(names[static_cast<std::size_t>(handle)]); }

  bool refuse = false;
  std::vector<std::string> names, ended;
  std::map<std::string, std::string> units;
  std::map<std::string, double> last;
};

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(PrometheusText, ReadsWhatTheFormatAllows) {
  const auto page = parseMetrics(
      "# HELP a Help with \\ and spaces\r\n# TYPE a gauge\r\na{x=\"1\" , y=\"q\\\"\\\\\\n\",} 1.5e3 1700000000000\n"
      "  a +Inf\n\na{} -0\n# a comment\nb NaN # {trace_id=\"x\"} 1\nlast:one .5",
      100);
  ASSERT_EQ(page.samples.size(), 5U);
  EXPECT_EQ(page.malformed, 0U);
  EXPECT_EQ(page.samples[0].value, 1500);
  EXPECT_EQ(page.samples[0].labels[1].second, "q\"\\\n");
  EXPECT_TRUE(std::isinf(page.samples[1].value));
  EXPECT_TRUE(std::signbit(page.samples[2].value));
  EXPECT_TRUE(std::isnan(page.samples[3].value));
  EXPECT_EQ(page.samples[4].name, "last:one");
  EXPECT_EQ(page.families.at("a").type, "gauge");
  EXPECT_EQ(page.families.at("a").help, "Help with \\ and spaces");
}

TEST(PrometheusText, CountsWhatItCannotReadAndGoesOn) {
  const auto page = parseMetrics(
      "1a 1\na\na{ 1\na{x=1} 1\na{x=\"1} 1\na{x=\"1\"y=\"2\"} 1\na 0x10\na 1e\na nanny\na 1 2 3x\n"
      "good 1\n<html>\na{=\"1\"} 1\n\xff\xfe 3\na 1 x\n",
      100);
  ASSERT_EQ(page.samples.size(), 2U);  // "a 1 2 3x" has a stamp and more behind it
  EXPECT_EQ(page.samples[1].name, "good");
  EXPECT_EQ(page.malformed, 13U);
  EXPECT_EQ(page.firstMalformed, "line 1: 1a 1");
  EXPECT_EQ(parseMetrics("a 1\nb 1\nc 1\n", 2).beyond, 1U);
}

TEST(ScrapeSeries, CountersBecomeRatesAndSurviveARestart) {
  Sink sink;
  ScrapeSeries series(sink, 100);
  const auto page = [](double v) { return parseMetrics("# TYPE c counter\nc " + std::to_string(v) + "\n", 100); };
  series.take(page(100), kSecond);
  EXPECT_FALSE(sink.last.contains("c.rate"));
  series.take(page(130), 3 * kSecond);
  EXPECT_DOUBLE_EQ(sink.last.at("c.rate"), 15);
  series.take(page(10), 4 * kSecond);  // began anew
  EXPECT_DOUBLE_EQ(sink.last.at("c.rate"), 10);
  EXPECT_DOUBLE_EQ(sink.last.at("c"), 10);
}

TEST(ScrapeSeries, HistogramsGiveWhatCameSinceThePageBefore) {
  Sink sink;
  ScrapeSeries series(sink, 100);
  const auto page = [](int a, int b, int c) {
    return parseMetrics("# TYPE h_seconds histogram\nh_seconds_bucket{op=\"x\",le=\"1\"} " + std::to_string(a) +
                            "\nh_seconds_bucket{op=\"x\",le=\"2\"} " + std::to_string(b) +
                            "\nh_seconds_bucket{op=\"x\",le=\"+Inf\"} " + std::to_string(c) +
                            "\nh_seconds_sum{op=\"x\"} " + std::to_string(3 * c) + "\nh_seconds_count{op=\"x\"} " +
                            std::to_string(c) + "\n",
                        100);
  };
  series.take(page(1000, 1000, 1000), kSecond);
  EXPECT_TRUE(sink.names.empty());
  series.take(page(1050, 1090, 1100), 2 * kSecond);
  EXPECT_DOUBLE_EQ(sink.last.at("h_seconds.rate,op=x"), 100);
  EXPECT_DOUBLE_EQ(sink.last.at("h_seconds.mean,op=x"), 3);
  EXPECT_DOUBLE_EQ(sink.last.at("h_seconds.p50,op=x"), 1);
  EXPECT_DOUBLE_EQ(sink.last.at("h_seconds.p90,op=x"), 2);
  EXPECT_DOUBLE_EQ(sink.last.at("h_seconds.p99,op=x"), 2);  // in the open bucket: its lower bound
  EXPECT_EQ(sink.units.at("h_seconds.p50,op=x"), "s");
  series.take(page(1050, 1090, 1100), 3 * kSecond);  // nothing came
  EXPECT_TRUE(std::isnan(sink.last.at("h_seconds.p50,op=x")));
}

TEST(ScrapeSeries, SeriesEndWithTheirLinesAndAreBounded) {
  Sink sink;
  ScrapeSeries series(sink, 2);
  series.take(parseMetrics("a 1\nb 1\nc 1\n", 100), kSecond);
  EXPECT_EQ(sink.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(series.refused(), 1U);
  series.take(parseMetrics("b 2\nc 1\n", 100), 2 * kSecond);
  EXPECT_EQ(sink.ended, (std::vector<std::string>{"a"}));
}

TEST(LevelOfLine, IsItsFirstWordThatNamesOne) {
  EXPECT_EQ(levelOfLine("[12:00] ERROR disk"), 4);
  EXPECT_EQ(levelOfLine("{\"level\":\"warn\",\"msg\":\"no error\"}"), 3);
  EXPECT_EQ(levelOfLine("panic: nil map"), 5);
  EXPECT_EQ(levelOfLine("terrors and information"), 2);
  EXPECT_EQ(levelOfLine(std::string(200, ' ') + "error"), 2);
}

}  // namespace
}  // namespace qd::daemon
