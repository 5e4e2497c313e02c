// SPDX-License-Identifier: Apache-2.0
// Small helpers over the probe's C interface: series, parameters and fields declared in one line each. All of them are
// for the game thread, as the probe's declarations are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/probe/qd.h"

namespace qd::stage {

struct SeriesSpec {
  const char* name;
  const char* unit;
  int scale = 0;      // decimal scale of the i64
  bool real = false;  // f64 instead
  const char* description = "";
  double budget = 0;  // 0: none
};

qd_series declare(qd_probe* probe, const SeriesSpec& spec);
qd_series declareForClient(qd_probe* probe, const SeriesSpec& spec, std::uint32_t client);

// A parameter description under construction: name, group and text are literals that outlive the probe.
qd_param_desc describe(const char* name, const char* group, const char* description, qd_risk risk);
void bindReal(qd_param_desc& desc, double& variable, double initial, double min, double max, double step,
              const char* unit);
void bindInt(qd_param_desc& desc, std::int64_t& variable, std::int64_t initial, std::int64_t min, std::int64_t max,
             std::int64_t step, const char* unit);
void bindDuration(qd_param_desc& desc, std::int64_t& variable, std::int64_t initial, std::int64_t max,
                  std::int64_t step);
void bindBool(qd_param_desc& desc, std::uint8_t& variable, bool initial);
void bindChoice(qd_param_desc& desc, std::int32_t& variable, const char* const* choices, std::uint32_t count,
                int initial);

}  // namespace qd::stage
