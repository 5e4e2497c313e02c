// SPDX-License-Identifier: Apache-2.0
#include "core/params/preset.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>

namespace qd::params {
namespace {

std::unexpected<Error> bad(const std::string& file, const std::string& what) {
  return fail(ErrorCode::InvalidArgument, fmt::format("{}: {}", file, what));
}

std::string number(double value) {
  return toText(Value(value));
}

// As a person would write it after NAME= .
std::string textOf(const toml::node& node) {
  if (const auto v = node.value_exact<std::string>()) return *v;
  if (const auto v = node.value_exact<bool>()) return *v ? "true" : "false";
  if (const auto v = node.value_exact<std::int64_t>()) return std::to_string(*v);
  if (const auto v = node.value_exact<double>()) return number(*v);
  std::string out;
  if (const toml::array* list = node.as_array()) {
    for (const toml::node& item : *list) out += (out.empty() ? "[" : ", ") + textOf(item);
    return out.empty() ? out : out + "]";
  }
  return out;
}

}  // namespace

Result<Preset> presetFromToml(const std::string& text, const std::string& file) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    const auto where = error.source().begin;
    return bad(file, fmt::format("line {}, column {}: {}", where.line, where.column, error.description()));
  }
  Preset out;
  out.name = table["name"].value_or(std::string());
  out.description = table["description"].value_or(std::string());
  const toml::table* values = table["values"].as_table();
  if (values == nullptr) return bad(file, "there is no table [values]");
  for (const auto& [key, node] : *values) {
    std::string written = textOf(node);
    if (written.empty() && !node.is_string()) {
      return bad(file, fmt::format("{} is no value; write the name in quotes where it has a dot", key.str()));
    }
    out.values.emplace_back(std::string(key.str()), std::move(written));
  }
  if (out.values.empty()) return bad(file, "[values] is empty");
  return out;
}

std::string toToml(const Preset& preset) {
  toml::table values;
  for (const auto& [name, text] : preset.values) {
    const Result<Value> whole = parseValue(ValueType::Int, text), real = parseValue(ValueType::Float, text);
    if (text == "true" || text == "false") {
      values.insert(name, text == "true");
    } else if (whole) {
      values.insert(name, std::get<std::int64_t>(*whole));
    } else if (real && std::holds_alternative<double>(*real)) {
      values.insert(name, std::get<double>(*real));
    } else {
      values.insert(name, text);
    }
  }
  toml::table table{{"name", preset.name}};
  if (!preset.description.empty()) table.insert("description", preset.description);
  table.insert("values", std::move(values));
  std::ostringstream out;
  out << table << "\n";
  return out.str();
}

Result<std::vector<PresetDifference>> differences(const Preset& preset, const ingest::ProcessInfo& process,
                                                  const std::vector<ingest::ParameterValue>& live) {
  std::vector<PresetDifference> out;
  for (const auto& [name, text] : preset.values) {
    const auto spec = std::find_if(process.parameters.begin(), process.parameters.end(),
                                   [&](const auto& s) { return s.name == name; });
    if (spec == process.parameters.end()) continue;
    auto wanted = parseValue(spec->type, text);
    if (!wanted) return fail(wanted.error().code, fmt::format("{}: {}", name, wanted.error().message));
    const auto now = std::find_if(live.begin(), live.end(), [&](const auto& v) { return v.name == name; });
    const Value current = now == live.end() ? spec->defaultValue : now->value;
    if (current != *wanted) out.push_back({process.id, name, current, std::move(*wanted)});
  }
  return out;
}

Preset presetOf(const ingest::ProcessInfo& process, const std::vector<ingest::ParameterValue>& live, bool changedOnly) {
  Preset out;
  for (const auto& value : live) {
    const auto spec = std::find_if(process.parameters.begin(), process.parameters.end(),
                                   [&](const auto& s) { return s.name == value.name; });
    if (spec == process.parameters.end() || (changedOnly && spec->defaultValue == value.value)) continue;
    out.values.emplace_back(value.name, toText(value.value));
  }
  std::sort(out.values.begin(), out.values.end());
  return out;
}

}  // namespace qd::params
