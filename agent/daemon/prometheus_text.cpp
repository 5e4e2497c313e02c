// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/prometheus_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace qd::daemon {
namespace {

constexpr std::size_t kMostName = 255, kMostLabels = 32, kMostHelp = 1024, kShown = 120;

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}

class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}

  void spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool eat(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool done() const { return at_ >= text_.size(); }
  std::string_view name() {
    const std::size_t start = at_;
    if (at_ < text_.size() && letter(text_[at_])) {
      while (at_ < text_.size() && (letter(text_[at_]) || digit(text_[at_]))) ++at_;
    }
    return text_.substr(start, at_ - start);
  }
  std::string_view word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '\t') ++at_;
    return text_.substr(start, at_ - start);
  }
  std::string_view rest() const { return text_.substr(at_); }

  // A quoted label value with \\, \" and \n.
  bool quoted(std::string& out) {
    if (!eat('"')) return false;
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\' && at_ < text_.size()) {
        c = text_[at_++];
        if (c == 'n') c = '\n';
      }
      out.push_back(c);
    }
    return false;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool numberIn(std::string_view word, double& out) {
  if (word.empty() || word.size() > 63) return false;
  std::string_view bare = word;
  if (bare.front() == '+' || bare.front() == '-') bare.remove_prefix(1);
  const double sign = word.front() == '-' ? -1 : 1;
  if (bare == "Inf" || bare == "inf" || bare == "Infinity") {
    out = sign * std::numeric_limits<double>::infinity();
    return true;
  }
  if (bare == "NaN" || bare == "nan") {
    out = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (bare.empty() || bare.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return false;  // no hex
  const std::string copy(word);
  char* end = nullptr;
  out = std::strtod(copy.c_str(), &end);  // the agent runs in the C locale
  return end == copy.c_str() + copy.size();
}

bool labelsIn(Line& line, PageSample& out) {
  if (!line.eat('{')) return true;
  for (line.spaces(); !line.eat('}'); line.spaces()) {
    std::string key(line.name()), value;
    line.spaces();
    if (key.empty() || key.size() > kMostName || !line.eat('=')) return false;
    line.spaces();
    if (!line.quoted(value) || value.size() > kMostHelp || out.labels.size() >= kMostLabels) return false;
    out.labels.emplace_back(std::move(key), std::move(value));
    line.spaces();
    if (!line.eat(',') && line.rest().substr(0, 1) != "}") return false;
  }
  return true;
}

bool sampleIn(std::string_view text, PageSample& out) {
  Line line(text);
  out.name = line.name();
  line.spaces();
  if (out.name.empty() || out.name.size() > kMostName || !labelsIn(line, out)) return false;
  line.spaces();
  if (!numberIn(line.word(), out.value)) return false;
  line.spaces();
  double stamp = 0;  // the page's own; the agent's clock counts
  if (line.done() || line.rest().front() == '#') return true;
  return numberIn(line.word(), stamp);
}

void commentIn(std::string_view text, MetricsText& page) {
  Line line(text);
  line.eat('#');
  line.spaces();
  const std::string_view what = line.word();
  if (what != "TYPE" && what != "HELP") return;
  line.spaces();
  const std::string name(line.name());
  line.spaces();
  if (name.empty() || name.size() > kMostName) return;
  if (what == "TYPE") {
    page.families[name].type = std::string(line.word().substr(0, 32));
  } else {
    page.families[name].help = std::string(line.rest().substr(0, kMostHelp));
  }
}

}  // namespace

MetricsText parseMetrics(std::string_view page, std::size_t mostSamples) {
  MetricsText out;
  std::size_t number = 0;
  while (!page.empty()) {
    const std::size_t end = page.find('\n');
    std::string_view line = page.substr(0, end);
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) continue;
    if (line.front() == '#') {
      if (out.families.size() < mostSamples) commentIn(line, out);
      continue;
    }
    PageSample made;
    if (!sampleIn(line, made)) {
      if (out.malformed++ == 0) out.firstMalformed = fmt::format("line {}: {}", number, line.substr(0, kShown));
    } else if (out.samples.size() >= mostSamples) {
      ++out.beyond;
    } else {
      out.samples.push_back(std::move(made));
    }
  }
  return out;
}

}  // namespace qd::daemon
