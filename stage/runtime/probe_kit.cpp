// SPDX-License-Identifier: Apache-2.0
#include "stage/runtime/probe_kit.h"

#include <cstring>

namespace qd::stage {
namespace {

qd_series_desc toDesc(const SeriesSpec& spec) {
  qd_series_desc desc{};
  desc.name = spec.name;
  desc.unit = spec.unit;
  desc.is_f64 = spec.real ? 1 : 0;
  desc.scale = spec.scale;
  desc.description = spec.description;
  desc.has_budget = spec.budget > 0 ? 1 : 0;
  desc.budget = spec.budget;
  return desc;
}

}  // namespace

qd_series declare(qd_probe* probe, const SeriesSpec& spec) {
  const auto desc = toDesc(spec);
  return qd_series_declare(probe, &desc);
}

qd_series declareForClient(qd_probe* probe, const SeriesSpec& spec, std::uint32_t client) {
  const auto id = std::to_string(client);
  const qd_pair dim{"client", id.c_str()};
  auto desc = toDesc(spec);
  desc.dims = &dim;
  desc.dim_count = 1;
  return qd_series_declare(probe, &desc);
}

qd_param_desc describe(const char* name, const char* group, const char* description, qd_risk risk) {
  qd_param_desc desc{};
  desc.name = name;
  desc.group = group;
  desc.description = description;
  desc.risk = risk;
  desc.effect = QD_NEXT_TICK;
  desc.unit = "";
  return desc;
}

void bindReal(qd_param_desc& desc, double& variable, double initial, double min, double max, double step,
              const char* unit) {
  desc.type = QD_TYPE_F64;
  desc.initial = qd_f64(initial);
  desc.min = qd_f64(min);
  desc.max = qd_f64(max);
  desc.step = qd_f64(step);
  desc.unit = unit;
  desc.bind = &variable;
  desc.bind_size = sizeof variable;
}

void bindInt(qd_param_desc& desc, std::int64_t& variable, std::int64_t initial, std::int64_t min, std::int64_t max,
             std::int64_t step, const char* unit) {
  desc.type = QD_TYPE_I64;
  desc.initial = qd_i64(initial);
  desc.min = qd_i64(min);
  desc.max = qd_i64(max);
  desc.step = qd_i64(step);
  desc.unit = unit;
  desc.bind = &variable;
  desc.bind_size = sizeof variable;
}

void bindDuration(qd_param_desc& desc, std::int64_t& variable, std::int64_t initial, std::int64_t max,
                  std::int64_t step) {
  desc.type = QD_TYPE_DURATION;
  desc.initial = qd_duration_ns(initial);
  desc.min = qd_duration_ns(0);
  desc.max = qd_duration_ns(max);
  desc.step = qd_duration_ns(step);
  desc.unit = "ns";
  desc.bind = &variable;
  desc.bind_size = sizeof variable;
}

void bindBool(qd_param_desc& desc, std::uint8_t& variable, bool initial) {
  desc.type = QD_TYPE_BOOL;
  desc.initial = qd_bool(initial ? 1 : 0);
  desc.bind = &variable;
  desc.bind_size = sizeof variable;
}

void bindChoice(qd_param_desc& desc, std::int32_t& variable, const char* const* choices, std::uint32_t count,
                int initial) {
  desc.type = QD_TYPE_ENUM;
  desc.choices = choices;
  desc.choice_count = count;
  desc.initial = qd_choice(choices[initial]);
  desc.bind = &variable;
  desc.bind_size = sizeof variable;
}

}  // namespace qd::stage
