# SPDX-License-Identifier: Apache-2.0
if(NOT QD_RPC)
  return()
endif()

find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
qd_program(qdctl FOLDER app/cli
    LINK CLI11::CLI11 nlohmann_json::nlohmann_json qd_core_link qd_core_serve qd_core_recording qd_core_netcode
    qd_core_breakpoints qd_core_params qd_core_analysis qd_core_security)
qd_test(test_qdctl FOLDER tests/app/cli LINK qd_fakes_recording nlohmann_json::nlohmann_json LABEL integration)
if(BUILD_TESTING)
  add_dependencies(test_qdctl qdctl)
endif()
