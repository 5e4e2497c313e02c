// SPDX-License-Identifier: Apache-2.0
// qd_bench [--json F] [--only NAME]: runs every bench, prints a table, exits 0 whether or not targets are met: a figure
// that falls short is reported, not hidden behind a red build.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/bench/bench.h"

namespace qd::bench {

std::vector<Bench>& benches() {
  static std::vector<Bench> all;
  return all;
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

namespace {

std::string machine() {
  utsname name{};
  uname(&name);
  std::ifstream info("/proc/cpuinfo");
  std::string model = "unknown CPU";
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  }
  double load[1] = {0};  // of the last minute: the figures of a busy machine are no better than that
  getloadavg(load, 1);
  return fmt::format("{}, {} cores, {} {}, load {:.1f}", model, std::thread::hardware_concurrency(), name.sysname,
                     name.release, load[0]);
}

std::string number(double value) {
  return fmt::format("{:.{}g}", value, value >= 1000 ? 6 : 3);
}

void print(const Figure& figure) {
  const std::string limit = figure.limit ? number(*figure.limit) : "—";
  const std::string ratio = figure.limit ? fmt::format("{:.2f}", figure.ratio()) : "—";
  const char* sign = figure.better == Better::Less ? "≤" : "≥";
  const std::string target = figure.target ? fmt::format("{} {}", sign, number(*figure.target)) : "—";
  fmt::print("{:<46} {:>10} {:<10} limit {:>9}  ratio {:>6}  target {:>10}  {}\n", figure.name, number(figure.value),
             figure.unit, limit, ratio, target, figure.target ? (figure.ok() ? "ok" : "SHORT") : "");
  std::fflush(stdout);
}

nlohmann::json toJson(const Figure& figure) {
  nlohmann::json json = {{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}, {"ok", figure.ok()}};
  json["limit"] = figure.limit ? nlohmann::json(*figure.limit) : nlohmann::json();
  json["ratio"] = figure.limit ? nlohmann::json(figure.ratio()) : nlohmann::json();
  json["target"] = figure.target ? nlohmann::json(*figure.target) : nlohmann::json();
  return json;
}

int run(const std::string& only, const std::string& path) {
  nlohmann::json results = nlohmann::json::array();
  const std::string where = machine();
  fmt::print("{}\n", where);
  for (const Bench& bench : benches()) {
    if (!only.empty() && bench.name.find(only) == std::string::npos) continue;
    bench.run([&](const Figure& figure) {
      print(figure);
      results.push_back(toJson(figure));
    });
  }
  if (results.empty()) {
    fmt::print(stderr, "qd_bench: no bench is named like '{}'\n", only);
    return 1;
  }
  if (path.empty()) return 0;
  std::ofstream file(path);
  file << nlohmann::json{{"machine", where}, {"results", results}}.dump(2) << '\n';
  if (file.flush()) return 0;
  fmt::print(stderr, "qd_bench: {} cannot be written\n", path);
  return 1;
}

}  // namespace
}  // namespace qd::bench

int main(int argc, char** argv) {
  CLI::App app("Measures Quarterdeck's budgets, each beside its raw limit");
  std::string path, only;
  app.add_option("--json", path, "also write the figures to this file");
  app.add_option("--only", only, "run only benches whose name contains this");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return qd::bench::run(only, path);
}
