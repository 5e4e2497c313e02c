// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/probe_values.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/link/wire/text.h"

namespace qd::daemon {
namespace {

std::optional<double> boundOf(const qd_value& value) {
  switch (value.type) {
    case QD_TYPE_I64:
    case QD_TYPE_DURATION:
    case QD_TYPE_BOOL:
      return static_cast<double>(value.i64);
    case QD_TYPE_F64:
      if (std::isfinite(value.vec[0])) return value.vec[0];
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

qd_value numberFor(double number, ValueType type) {
  const bool whole = std::abs(number) < 9e15 && number == std::floor(number);
  if (type == ValueType::Int && whole) return qd_i64(static_cast<std::int64_t>(number));
  return qd_f64(number);
}

qd_value textFor(const std::string& text, ValueType type) {
  qd_value out{};
  out.type = type == ValueType::Enum ? QD_TYPE_ENUM : QD_TYPE_STRING;
  out.text = text.data();
  out.size = static_cast<std::uint32_t>(text.size());
  return out;
}

}  // namespace

std::string lineOf(qd_str text) {
  return link::sanitise({text.data, text.size}, link::kNameCap);
}

std::string proseOf(qd_str text) {
  return link::sanitise({text.data, text.size}, link::kProseCap, link::TextKind::Prose);
}

Value valueOf(const qd_value& value) {
  switch (value.type) {
    case QD_TYPE_BOOL:
      return value.i64 != 0;
    case QD_TYPE_I64:
      return value.i64;
    case QD_TYPE_F64:
      return value.vec[0];
    case QD_TYPE_ENUM:
    case QD_TYPE_STRING:
      return proseOf({value.text, value.size});
    case QD_TYPE_DURATION:
      return Duration{value.i64};
    case QD_TYPE_VEC:
      return Vector(value.vec, value.vec + std::min<std::uint32_t>(value.size, 4));
    default:
      return {};
  }
}

ValueType typeOf(int qdType) {
  switch (qdType) {
    case QD_TYPE_BOOL:
      return ValueType::Bool;
    case QD_TYPE_I64:
      return ValueType::Int;
    case QD_TYPE_F64:
      return ValueType::Float;
    case QD_TYPE_ENUM:
      return ValueType::Enum;
    case QD_TYPE_STRING:
      return ValueType::String;
    case QD_TYPE_DURATION:
      return ValueType::Duration;
    case QD_TYPE_VEC:
      return ValueType::Vector;
    default:
      return ValueType::None;
  }
}

qd_value probeValueOf(const Value& value, ValueType type) {
  if (const auto* b = std::get_if<bool>(&value)) return qd_bool(*b);
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    if (type == ValueType::Float) return qd_f64(static_cast<double>(*i));
    return type == ValueType::Duration ? qd_duration_ns(*i) : qd_i64(*i);
  }
  if (const auto* d = std::get_if<double>(&value)) return numberFor(*d, type);
  if (const auto* s = std::get_if<std::string>(&value)) return textFor(*s, type);
  if (const auto* t = std::get_if<Duration>(&value)) return qd_duration_ns(t->ns);
  if (const auto* v = std::get_if<Vector>(&value)) {
    return qd_vec(v->data(), static_cast<std::uint32_t>(std::min<std::size_t>(v->size(), 4)));
  }
  return {};
}

Fields fieldsOf(qd_cursor& body, unsigned count) {
  Fields out;
  for (unsigned i = 0; i < count; ++i) {
    qd_field_item item;
    if (!qd_get_field(&body, &item)) break;
    out.emplace_back(lineOf(item.name), valueOf(item.value));
  }
  return out;
}

ingest::ProcessKind kindOf(int qdKind) {
  if (qdKind == QD_KIND_SERVER) return ingest::ProcessKind::Server;
  return qdKind == QD_KIND_EDITOR ? ingest::ProcessKind::Editor : ingest::ProcessKind::Other;
}

ingest::ParameterSpec parameterOf(qd_cursor& body, const qd_param_msg& message) {
  ingest::ParameterSpec out;
  out.name = lineOf(message.name);
  out.type = typeOf(message.type);
  out.unit = lineOf(message.unit);
  out.min = boundOf(message.min);
  out.max = boundOf(message.max);
  out.step = boundOf(message.step);
  for (unsigned i = 0; i < message.count && !body.failed; ++i) out.choices.push_back(lineOf(qd_get_str(&body)));
  out.defaultValue = valueOf(message.initial);
  out.group = lineOf(message.group);
  out.description = proseOf(message.description);
  out.risk = static_cast<ingest::Risk>(std::min<int>(message.risk, QD_DANGEROUS));
  out.effect = static_cast<ingest::Effect>(std::min<int>(message.effect, QD_RESTART));
  return out;
}

std::uint32_t entityFlagsOf(std::uint32_t qdFlags) {
  constexpr std::pair<std::uint32_t, std::uint32_t> kMap[] = {
      {QD_ENTITY_PLAYER, ingest::kEntityPlayer},
      {QD_ENTITY_NPC, ingest::kEntityNpc},
      {QD_ENTITY_PROJECTILE, ingest::kEntityProjectile},
      {QD_ENTITY_ALIVE, ingest::kEntityAlive},
      {QD_ENTITY_INTERPOLATED, ingest::kEntityInterpolated},
      {QD_ENTITY_EXTRAPOLATED, ingest::kEntityExtrapolated},
      {QD_ENTITY_HELD, ingest::kEntityHeld},
      {QD_ENTITY_PREDICTED | QD_ENTITY_LOCAL, ingest::kEntityPredicted},
      {QD_ENTITY_TELEPORTED, ingest::kEntityTeleported},
  };
  std::uint32_t out = 0;
  for (const auto& [from, to] : kMap) {
    if (qdFlags & from) out |= to;
  }
  return out;
}

ingest::LogLevel levelOf(int qdLevel) {
  return static_cast<ingest::LogLevel>(std::clamp<int>(qdLevel, QD_TRACE, QD_FATAL));
}

}  // namespace qd::daemon
