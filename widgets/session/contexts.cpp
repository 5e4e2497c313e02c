// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/contexts.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace qd::session {
namespace {

namespace fs = std::filesystem;

struct Reader {
  const std::string& source;
  const std::string& folder;

  std::unexpected<Error> bad(const toml::node& at, const std::string& what) const {
    return fail(ErrorCode::InvalidArgument, fmt::format("{}:{}: {}.", source, at.source().begin.line, what));
  }

  Result<std::string> text(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return std::string();
    if (const auto* value = node->as_string()) return value->get();
    return bad(*node, fmt::format("{} must be a text in quotes", key));
  }

  Result<std::string> path(const toml::table& table, std::string_view key) const {
    auto value = text(table, key);
    if (!value || value->empty()) return value;
    return (fs::path(folder) / *value).lexically_normal().string();  // an absolute path stays what it is
  }

  Result<std::vector<std::string>> agents(const toml::table& table) const {
    const toml::node* node = table.get("agents");
    const auto* list = node == nullptr ? nullptr : node->as_array();
    if (list == nullptr || list->empty()) {
      return bad(node == nullptr ? table : *node, "agents must be a list such as [\"10.0.0.5:7400\"]");
    }
    std::vector<std::string> out;
    for (const toml::node& item : *list) {
      const auto* value = item.as_string();
      if (value == nullptr) return bad(item, "each agent must be a text such as \"10.0.0.5:7400\"");
      if (const auto ok = checkEndpoint(value->get()); !ok) return bad(item, ok.error().message);
      out.push_back(value->get());
    }
    return out;
  }

  Result<std::vector<std::string>> globs(const toml::table& table) const {
    std::vector<std::string> out;
    const toml::node* node = table.get("record");
    if (node == nullptr) return out;
    const auto* list = node->as_array();
    if (list == nullptr) return bad(*node, "record must be a list such as [\"tick.*\", \"net.*\"]");
    for (const toml::node& item : *list) {
      const auto* value = item.as_string();
      if (value == nullptr || value->get().empty()) return bad(item, "each pattern must be a text such as \"tick.*\"");
      out.push_back(value->get());
    }
    return out;
  }

  Result<Environment> environment(const toml::table& table) const {
    auto value = text(table, "environment");
    if (!value) return std::unexpected(value.error());
    if (value->empty() || *value == "staging") return Environment::Staging;
    if (*value == "stage") return Environment::Stage;
    if (*value == "production") return Environment::Production;
    return bad(*table.get("environment"), "environment must be stage, staging or production, not " + *value);
  }

  Result<Context> context(const toml::table& table) const;
};

bool isColour(std::string_view text) {
  return text.size() == 7 && text[0] == '#' && text.find_first_not_of("0123456789abcdefABCDEF", 1) == text.npos;
}

Result<Context> Reader::context(const toml::table& table) const {
  static const std::set<std::string_view> known{"name", "environment", "agents", "ca",     "cert",
                                                "key",  "server_name", "colour", "record", "max_points_per_second"};
  for (const auto& [key, node] : table) {
    if (!known.contains(key.str())) return bad(node, fmt::format("unknown key {}", key.str()));
  }
  Context out;
  const std::pair<std::string_view, std::string*> texts[] = {
      {"name", &out.name}, {"server_name", &out.serverName}, {"colour", &out.colour}};
  for (const auto& [key, target] : texts) {
    auto value = text(table, key);
    if (!value) return std::unexpected(value.error());
    *target = *value;
  }
  const std::pair<std::string_view, std::string*> paths[] = {
      {"ca", &out.caFile}, {"cert", &out.certFile}, {"key", &out.keyFile}};
  for (const auto& [key, target] : paths) {
    auto value = path(table, key);
    if (!value) return std::unexpected(value.error());
    *target = *value;
  }
  if (out.name.empty()) return bad(table, "a context needs a name");
  if (!out.colour.empty() && !isColour(out.colour))
    return bad(*table.get("colour"), "colour must read like \"#E69F00\"");
  if (out.certFile.empty() != out.keyFile.empty()) return bad(table, "cert and key go together");
  auto list = agents(table);
  if (!list) return std::unexpected(list.error());
  out.agents = std::move(*list);
  auto record = globs(table);
  if (!record) return std::unexpected(record.error());
  out.record = std::move(*record);
  if (const toml::node* cap = table.get("max_points_per_second")) {
    const auto* number = cap->as_integer();
    if (number == nullptr || number->get() < 0) {
      return bad(*cap, "max_points_per_second must be a whole number, 0 for no cap");
    }
    out.maxPointsPerSecond = number->get();
  }
  auto where = environment(table);
  if (!where) return std::unexpected(where.error());
  out.environment = *where;
  out.readOnly = out.environment == Environment::Production;
  return out;
}

}  // namespace

std::string_view name(Environment environment) {
  switch (environment) {
    case Environment::Stage:
      return "stage";
    case Environment::Staging:
      return "staging";
    case Environment::Production:
      return "production";
  }
  return "staging";
}

Result<> checkEndpoint(std::string_view endpoint) {
  const auto wrong = [&] {
    return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" is no HOST:PORT such as 127.0.0.1:7400", endpoint));
  };
  const auto colon = endpoint.rfind(':');
  if (colon == endpoint.npos || colon == 0) return wrong();
  const auto host = endpoint.substr(0, colon), port = endpoint.substr(colon + 1);
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (!bracketed && host.find_first_of("[]:/ \t@") != host.npos) return wrong();
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) return wrong();
  return {};
}

Result<std::vector<Context>> parseContexts(std::string_view text, const std::string& source,
                                           const std::string& folder) {
  toml::table parsed;
  try {  // with exceptions, as core/params has it: two ways of building toml++ do not go into one program
    parsed = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{}:{}: {}.", source, error.source().begin.line, std::string(error.description())));
  }
  const Reader reader{source, folder};
  std::vector<Context> out;
  for (const auto& [key, node] : parsed) {
    const auto* list = key.str() == "context" ? node.as_array() : nullptr;
    if (list == nullptr) return reader.bad(node, fmt::format("{} is not a [[context]]", key.str()));
    for (const toml::node& item : *list) {
      const auto* table = item.as_table();
      if (table == nullptr) return reader.bad(item, "a context is a [[context]] table");
      auto context = reader.context(*table);
      if (!context) return std::unexpected(context.error());
      if (std::ranges::any_of(out, [&](const Context& other) { return other.name == context->name; })) {
        return reader.bad(item, fmt::format("the name {} is used twice", context->name));
      }
      out.push_back(std::move(*context));
    }
  }
  return out;
}

Result<std::vector<Context>> loadContexts(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::vector<Context>();
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(ErrorCode::Io, fmt::format("{} cannot be read: check its permissions.", path));
  return parseContexts(text.str(), path, fs::path(path).parent_path().string());
}

std::string contextsPath() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  const fs::path root = config != nullptr && *config != 0 ? fs::path(config) : fs::path(home ? home : ".") / ".config";
  return (root / "quarterdeck" / "contexts.toml").string();
}

}  // namespace qd::session
