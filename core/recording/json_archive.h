// SPDX-License-Identifier: Apache-2.0
// One list of field names for both directions: `fields(archive, event)` calls archive("name", event.member) for each.
// JsonOut writes, JsonIn reads and notes the first thing that does not fit. Private to event_json.cpp.
#pragma once

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>

#include "core/ingest/events.h"

namespace qd::recording {

using Json = nlohmann::ordered_json;

// Names of an enumeration's values, in their order.
template <class E>
struct EnumNames;

template <class T>
struct IsStrongId : std::false_type {};
template <class Tag, class T>
struct IsStrongId<StrongId<Tag, T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

bool isUtf8(const std::string& text);

class JsonOut {
 public:
  template <class T>
  JsonOut& operator()(const char* name, const T& value) {
    if constexpr (IsOptional<T>::value) {
      if (value) json_[name] = encode(*value);
    } else {
      json_[name] = encode(value);
    }
    return *this;
  }
  Json take() { return std::move(json_); }

  template <class T>
  static Json encode(const T& v) {
    if constexpr (std::is_same_v<T, bool>) {
      return v;
    } else if constexpr (std::is_enum_v<T>) {
      const auto& names = EnumNames<T>::value;
      return names[static_cast<std::size_t>(v) < names.size() ? static_cast<std::size_t>(v) : 0];
    } else if constexpr (std::is_integral_v<T>) {
      return v;
    } else if constexpr (std::is_same_v<T, double>) {
      return number(v);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return text(v);
    } else if constexpr (std::is_same_v<T, Value>) {
      return value(v);
    } else if constexpr (IsStrongId<T>::value) {
      return encode(v.value);
    } else if constexpr (IsVector<T>::value) {
      Json list = Json::array();
      for (const auto& item : v) list.push_back(encode(item));
      return list;
    } else {
      JsonOut object;
      fields(object, const_cast<T&>(v));  // the field list is shared with reading; nothing is written here
      return object.take();
    }
  }
  template <class A, class B>
  static Json encode(const std::pair<A, B>& v) {
    return Json::array({encode(v.first), encode(v.second)});
  }

 private:
  static Json number(double v);
  static Json text(const std::string& v);
  static Json value(const Value& v);
  Json json_ = Json::object();
};

class JsonIn {
 public:
  explicit JsonIn(const Json& json, std::string& problem) : json_(json), problem_(problem) {}

  template <class T>
  JsonIn& operator()(const char* name, T& into) {
    const auto found = json_.is_object() ? json_.find(name) : json_.end();
    if (!json_.is_object()) {
      note(name);
    } else if (found != json_.end()) {
      if constexpr (IsOptional<T>::value) {
        decode(*found, into.emplace(), name);
      } else {
        decode(*found, into, name);
      }
    }
    return *this;
  }

 private:
  template <class T>
  void decode(const Json& j, T& out, const char* name) {
    if constexpr (std::is_same_v<T, bool>) {
      j.is_boolean() ? void(out = j.get<bool>()) : note(name);
    } else if constexpr (std::is_enum_v<T>) {
      decodeEnum(j, out, name);
    } else if constexpr (std::is_integral_v<T>) {
      j.is_number_integer() ? void(out = j.get<T>()) : note(name);
    } else if constexpr (std::is_same_v<T, double>) {
      number(j, out, name);
    } else if constexpr (std::is_same_v<T, std::string>) {
      text(j, out, name);
    } else if constexpr (std::is_same_v<T, Value>) {
      value(j, out, name);
    } else if constexpr (IsStrongId<T>::value) {
      decode(j, out.value, name);
    } else if constexpr (IsVector<T>::value) {
      if (!j.is_array()) return note(name);
      for (const Json& item : j) decode(item, out.emplace_back(), name);
    } else {
      JsonIn object(j, problem_);
      fields(object, out);
    }
  }
  template <class A, class B>
  void decode(const Json& j, std::pair<A, B>& out, const char* name) {
    if (!j.is_array() || j.size() != 2) return note(name);
    decode(j[0], out.first, name);
    decode(j[1], out.second, name);
  }
  template <class E>
  void decodeEnum(const Json& j, E& out, const char* name) {
    if (!j.is_string()) return note(name);
    const auto& names = EnumNames<E>::value;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (j.get_ref<const std::string&>() == names[i]) {
        out = static_cast<E>(i);
        return;
      }
    }
    note(name);
  }
  void number(const Json& j, double& out, const char* name);
  void text(const Json& j, std::string& out, const char* name);
  void value(const Json& j, Value& out, const char* name);
  void note(const char* name) {
    if (problem_.empty()) problem_ = fmt::format("its field \"{}\" does not read", name);
  }

  const Json& json_;
  std::string& problem_;
};

}  // namespace qd::recording
