// SPDX-License-Identifier: Apache-2.0
// Compiles as C++17 without exceptions and RTTI.
#include "agent/probe/expr.h"
#include "agent/probe/frames.h"
#include "agent/probe/lane_reader.h"
#include "agent/probe/qd.h"
#include "agent/probe/qd.hpp"

void sample_from_cpp(quarterdeck::Probe& probe, qd_site* site) {
  quarterdeck::Tick tick(probe, 1);
  qd_sample_i64(probe.get(), 0, 1);
  QD_SITE(probe.get(), site, qd_kv("n", qd_i64(1)), qd_kv("weapon", qd_text("rail")));
}
