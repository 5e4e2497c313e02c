// SPDX-License-Identifier: Apache-2.0
#include "app/cli/cli.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "core/base/clock.h"

namespace qd::cli {
namespace {

void write(FILE* to, std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), to);
  (void)std::fflush(to);
}

// Code points, for aligning.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

CLI::App* Program::verb(const std::string& name, const std::string& help, CLI::App* under) {
  CLI::App* sub = (under ? under : &app_)->add_subcommand(name, help);
  sub->fallthrough();
  return sub;
}

void Program::onRun(CLI::App* verb, Action action) {
  verb->callback([this, action = std::move(action)] { chosen_ = action; });
}

CLI::Option* addDuration(CLI::App* verb, const std::string& name, Duration& into, const std::string& help) {
  const auto read = [&into, name](const CLI::results_t& words) {
    const Result<Duration> parsed = parseDuration(words.back());
    std::string what = parsed ? "a duration cannot be negative" : parsed.error().message;
    while (what.ends_with('.')) what.pop_back();  // the sentence goes on with where help is
    if (!parsed || parsed->ns < 0) throw CLI::ValidationError(fmt::format("{}: {}", name, what));
    into = *parsed;
    return true;
  };
  return verb->add_option(name, read, help)->type_name("DURATION");
}

CLI::Option* addEach(CLI::App* verb, const std::string& name, std::vector<std::string>& into, const std::string& help) {
  return verb->add_option(name, into, help)->allow_extra_args(false);
}

void printJson(const Json& json) {
  write(stdout, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void print(std::string_view text) {
  write(stdout, text);
}

void complain(std::string_view sentence) {
  std::string line(sentence);
  std::replace(line.begin(), line.end(), '\n', ' ');
  write(stderr, "qdctl: " + line + "\n");
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string utcText(std::int64_t timeNs) {
  if (timeNs <= 0) return "-";
  const auto ms = timeNs % kNsPerSecond / kNsPerMs;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(timeNs / kNsPerSecond)), ms);
}

Json toJson(const Value& value) {
  struct Encode {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool v) const { return v; }
    Json operator()(std::int64_t v) const { return v; }
    Json operator()(double v) const { return v; }
    Json operator()(const std::string& v) const { return v; }
    Json operator()(Duration v) const { return toText(v); }
    Json operator()(const Vector& v) const { return v; }
  };
  return std::visit(Encode{}, value);
}

}  // namespace qd::cli
