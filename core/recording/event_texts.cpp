// SPDX-License-Identifier: Apache-2.0
#include "core/recording/event_texts.h"

#include <nlohmann/json.hpp>
#include <set>

#include "core/recording/event_json.h"
#include "core/recording/event_names.h"

namespace qd::recording {

using namespace ingest;

namespace {

using Json = nlohmann::ordered_json;

// The keys of a typed value (FORMAT.md), and of objects that a name describes.
const std::set<std::string_view> kTyped{"bool", "int", "float", "text", "duration_ns", "vector"};
const std::set<std::string_view> kNamedPairs{"labels", "dimensions", "fields", "locals"};
const std::set<std::string_view> kOfName{"value", "default", "old", "new"};
// Words of the format itself.
const std::set<std::string_view> kWords{"bits", "state", "kind", "level", "status", "risk", "effect", "type", "ack"};

std::string fromHex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::strtol(hex.substr(i, 2).c_str(), nullptr, 16));
  }
  return out;
}

std::string toHex(const std::string& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

class Walk {
 public:
  explicit Walk(const TextVisitor& visitor) : visitor_(visitor) {}

  void any(Json& json, std::string_view field) {
    if (json.is_string()) return text(json, field);
    if (json.is_array()) return list(json, field);
    if (json.is_object()) object(json, field);
  }

 private:
  void text(Json& json, std::string_view field) {
    if (visitor_.text) visitor_.text(field, json.get_ref<std::string&>());
  }

  // A text that is not UTF-8.
  void hex(Json& json, std::string_view field) {
    const std::string bytes = fromHex(json.get<std::string>());
    std::string changed = bytes;
    if (visitor_.text) visitor_.text(field, changed);
    if (changed != bytes) json = toHex(changed);
  }

  void list(Json& json, std::string_view field) {
    const bool pairs = kNamedPairs.contains(field);
    for (Json& item : json) {
      if (pairs && item.is_array() && item.size() == 2 && item[0].is_string()) {
        pair(item, field == "locals");
      } else {
        any(item, field);
      }
    }
  }

  void pair(Json& item, bool local) {
    text(item[0], {});
    const std::string name = item[0].get<std::string>();
    std::string instead;
    if (local && visitor_.local && visitor_.local(instead)) {
      item[1] = {{"text", instead}};
    } else {
      any(item[1], name);
    }
  }

  void object(Json& json, std::string_view field) {
    if (json.size() == 1 && json.begin().key() == "hex" && json.begin().value().is_string()) {
      return hex(json.begin().value(), field);
    }
    if (json.size() == 1 && kTyped.contains(json.begin().key())) return typed(json, field);
    const auto found = json.find("name");
    const std::string name = found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    for (auto it = json.begin(); it != json.end(); ++it) {
      if (kWords.contains(it.key())) continue;
      const bool described = !name.empty() && kOfName.contains(it.key());
      any(it.value(), described ? std::string_view(name) : std::string_view(it.key()));
    }
  }

  void typed(Json& json, std::string_view field) {
    Json& inner = json.begin().value();
    if (json.begin().key() == "text") return any(inner, field);
    std::string instead;
    if (visitor_.value && visitor_.value(field, inner.dump(), instead)) json = Json{{"text", instead}};
  }

  const TextVisitor& visitor_;
};

std::string walked(const std::string& body, const TextVisitor& visitor) {
  Json json = Json::parse(body, nullptr, false);
  Walk(visitor).any(json, {});
  return json.dump();
}

Result<Event> process(const ProcessChange& change, const TextVisitor& visitor) {
  Result<ProcessInfo> info = declarationFromJson(walked(declarationJson(change.info), visitor));
  if (!info) return std::unexpected(info.error());
  Result<ProcessRow> rest = processFromJson(walked(processJson(change, 0), visitor));
  if (!rest) return std::unexpected(rest.error());
  ProcessChange out = std::move(rest->change);
  info->state = out.info.state;
  info->tick = out.info.tick;
  info->tickHz = out.info.tickHz;
  out.info = std::move(*info);
  return Event(std::move(out));
}

}  // namespace

Result<Event> visitTexts(const Event& event, const TextVisitor& visitor) {
  if (const auto* change = std::get_if<ProcessChange>(&event)) return process(*change, visitor);
  if (const std::string body = toJson(event); !body.empty()) return fromJson(kindOf(event), walked(body, visitor));
  Event out = event;
  renameProcesses(out, [&](const ProcessId& id) {
    std::string text = id.value;
    if (visitor.text) visitor.text({}, text);
    return ProcessId(text);
  });
  return out;
}

}  // namespace qd::recording
