# SPDX-License-Identifier: Apache-2.0
find_package(nlohmann_json REQUIRED)
qd_program(qd_bench FOLDER tests/bench LINK fmt::fmt nlohmann_json::nlohmann_json qd_agent_probe qd_core_series GTest::gtest INTERNAL)
