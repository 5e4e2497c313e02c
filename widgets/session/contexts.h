// SPDX-License-Identifier: GPL-3.0-or-later
// Named clusters that the operator attaches to, as they stand in contexts.toml ($XDG_CONFIG_HOME/quarterdeck):
//   [[context]]
//   name = "eu-staging"
//   environment = "staging"              stage, staging or production; production opens read-only
//   agents = ["10.0.0.5:7400"]
//   ca = "ca.pem"  cert = "me.pem"  key = "me.key"  server_name = "quarterdeckd"     paths relative to the file
//   record = ["tick.*", "net.*"]         series recorded at full rate; all by default. What is shown always comes so
//   max_points_per_second = 500000       above it: one row a second of what is not shown; 0: no cap. Default 500000
//   colour = "#E69F00"                   of the band at the top; each environment has its own otherwise
// Plain values; any thread. Errors: one sentence with file and line, nothing of a broken file is used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace qd::session {

enum class Environment { Stage, Staging, Production };

struct Context {
  std::string name;
  Environment environment = Environment::Staging;
  std::vector<std::string> agents;  // HOST:PORT
  std::string caFile, certFile, keyFile, serverName;
  std::string colour;               // #RRGGBB; empty: the environment's
  std::vector<std::string> record;  // globs; empty: all
  std::int64_t maxPointsPerSecond = 500'000;
  bool readOnly = false;
};

std::string_view name(Environment environment);

// `folder`: what relative certificate paths are relative to; `source` names the text in errors.
Result<std::vector<Context>> parseContexts(std::string_view text, const std::string& source, const std::string& folder);
// A file that does not exist is an empty list.
Result<std::vector<Context>> loadContexts(const std::string& path);
std::string contextsPath();

// HOST:PORT with a port of 1..65535 and, for IPv6, brackets. Error: a sentence that shows what is expected.
Result<> checkEndpoint(std::string_view endpoint);

}  // namespace qd::session
