# SPDX-License-Identifier: Apache-2.0
# The stage: determinism needs the same rounding on both sides, so no fused multiply-add is formed behind our back.
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
add_library(qd_stage_flags INTERFACE)
target_compile_options(qd_stage_flags INTERFACE -ffp-contract=off)

qd_room(stage/netcode LINK qd_stage_flags OpenSSL::Crypto)
qd_room(stage/game LINK qd_stage_netcode)
qd_room(stage/client LINK qd_stage_game)

qd_room(stage/runtime LINK qd_stage_netcode qd_agent_probe)
qd_room(stage/server LINK qd_stage_game qd_stage_runtime nlohmann_json::nlohmann_json Threads::Threads)

qd_program(quarterdeck-stage-server FOLDER stage/server SOURCES "${CMAKE_SOURCE_DIR}/stage/server/server_main.cpp"
    LINK qd_stage_server CLI11::CLI11)
qd_program(quarterdeck-stage-bots FOLDER stage/bots
    LINK qd_stage_client qd_stage_runtime nlohmann_json::nlohmann_json CLI11::CLI11)

qd_program(quarterdeck-stage-editor FOLDER stage/editor
    LINK qd_stage_client qd_stage_runtime nlohmann_json::nlohmann_json CLI11::CLI11 Threads::Threads)

qd_program(quarterdeck-stage FOLDER stage/launcher LINK qd_stage_runtime nlohmann_json::nlohmann_json CLI11::CLI11)
add_dependencies(quarterdeck-stage quarterdeck-stage-server quarterdeck-stage-bots quarterdeck-stage-editor)

qd_test(test_stage_netcode FOLDER tests/stage/netcode LINK qd_stage_client)
qd_test(test_stage_game FOLDER tests/stage/game LINK qd_stage_client qd_stage_server)
qd_test(test_stage_processes FOLDER tests/stage/processes LINK nlohmann_json::nlohmann_json LABEL integration TIMEOUT 60 SERIAL)
if(BUILD_TESTING)
  add_dependencies(test_stage_processes quarterdeck-stage)
endif()
qd_test(test_stage_link FOLDER tests/stage/link LINK qd_agent_probe nlohmann_json::nlohmann_json LABEL integration TIMEOUT 90 SERIAL)
if(BUILD_TESTING)
  add_dependencies(test_stage_link quarterdeck-stage)
endif()
