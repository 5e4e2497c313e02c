// SPDX-License-Identifier: Apache-2.0
#include "core/recording/json_archive.h"

namespace qd::recording {
namespace {

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool fromHex(const std::string& hex, std::string& out) {
  if (hex.size() % 2 != 0) return false;
  out.clear();
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hexDigit(hex[i]), low = hexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return true;
}

}  // namespace

bool isUtf8(const std::string& text) {
  try {
    return !Json(text).dump().empty();  // the library's writer refuses what is not UTF-8
  } catch (const Json::type_error&) {
    return false;
  }
}

Json JsonOut::number(double v) {
  if (std::isfinite(v)) return v;
  return Json{{"bits", fmt::format("{:016x}", std::bit_cast<std::uint64_t>(v))}};
}

Json JsonOut::text(const std::string& v) {
  if (isUtf8(v)) return v;
  std::string hex;
  for (const unsigned char c : v) hex += fmt::format("{:02x}", c);
  return Json{{"hex", hex}};
}

Json JsonOut::value(const Value& v) {
  struct Encode {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool b) const { return Json{{"bool", b}}; }
    Json operator()(std::int64_t i) const { return Json{{"int", i}}; }
    Json operator()(double d) const { return Json{{"float", number(d)}}; }
    Json operator()(const std::string& s) const { return Json{{"text", text(s)}}; }
    Json operator()(Duration d) const { return Json{{"duration_ns", d.ns}}; }
    Json operator()(const Vector& e) const { return Json{{"vector", encode(e)}}; }
  };
  return std::visit(Encode{}, v);
}

void JsonIn::number(const Json& j, double& out, const char* name) {
  if (j.is_number()) {
    out = j.get<double>();
    return;
  }
  std::uint64_t bits = 0;
  if (j.is_object() && j.size() == 1 && j.contains("bits") && j["bits"].is_string()) {
    const auto& hex = j["bits"].get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), bits, 16);
    if (error == std::errc{} && end == hex.data() + hex.size()) {
      out = std::bit_cast<double>(bits);
      return;
    }
  }
  note(name);
}

void JsonIn::text(const Json& j, std::string& out, const char* name) {
  if (j.is_string()) {
    out = j.get<std::string>();
    return;
  }
  const bool hex = j.is_object() && j.size() == 1 && j.contains("hex") && j["hex"].is_string();
  if (!hex || !fromHex(j["hex"].get_ref<const std::string&>(), out)) note(name);
}

void JsonIn::value(const Json& j, Value& out, const char* name) {
  out = std::monostate{};
  if (j.is_null()) return;
  if (!j.is_object() || j.size() != 1) return note(name);
  const std::string& type = j.begin().key();
  const Json& body = j.begin().value();
  if (type == "bool") return decode(body, out.emplace<bool>(), name);
  if (type == "int") return decode(body, out.emplace<std::int64_t>(), name);
  if (type == "float") return decode(body, out.emplace<double>(), name);
  if (type == "text") return decode(body, out.emplace<std::string>(), name);
  if (type == "duration_ns") return decode(body, out.emplace<Duration>().ns, name);
  if (type == "vector") return decode(body, out.emplace<Vector>(), name);
  note(name);
}

}  // namespace qd::recording
