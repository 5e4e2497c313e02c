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

qd_room(stage/sim LINK qd_stage_client qd_stage_server PRIVATE_LINK fmt::fmt)
qd_program(quarterdeck-stage-grid FOLDER stage/sim SOURCES "${CMAKE_SOURCE_DIR}/stage/sim/grid_main.cpp" LINK qd_stage_sim
    CLI11::CLI11)

qd_program(quarterdeck-stage-server FOLDER stage/server SOURCES "${CMAKE_SOURCE_DIR}/stage/server/server_main.cpp"
    LINK qd_stage_server CLI11::CLI11)
qd_program(quarterdeck-stage-bots FOLDER stage/bots
    LINK qd_stage_client qd_stage_runtime nlohmann_json::nlohmann_json CLI11::CLI11)

qd_program(quarterdeck-stage-editor FOLDER stage/editor
    LINK qd_stage_client qd_stage_runtime nlohmann_json::nlohmann_json CLI11::CLI11 Threads::Threads)

qd_program(quarterdeck-stage FOLDER stage/launcher LINK qd_stage_runtime nlohmann_json::nlohmann_json CLI11::CLI11)
add_dependencies(quarterdeck-stage quarterdeck-stage-server quarterdeck-stage-bots quarterdeck-stage-editor)

qd_test(test_stage_netcode FOLDER tests/stage/netcode LINK qd_stage_client)
qd_test(test_stage_runtime FOLDER tests/stage/runtime LINK qd_stage_runtime)
qd_test(test_stage_game FOLDER tests/stage/game LINK qd_stage_sim TIMEOUT 240)

# The same game from the same sources without optimisation: its golden checksum must be the same to the bit.
if(BUILD_TESTING)
  file(GLOB _game CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/stage/netcode/*.cpp" "${CMAKE_SOURCE_DIR}/stage/game/*.cpp"
       "${CMAKE_SOURCE_DIR}/stage/client/*.cpp" "${CMAKE_SOURCE_DIR}/stage/server/world*.cpp"
       "${CMAKE_SOURCE_DIR}/stage/sim/simulation.cpp" "${CMAKE_SOURCE_DIR}/stage/sim/measures.cpp")
  add_executable(test_stage_game_O0 ${_game} "${CMAKE_SOURCE_DIR}/tests/stage/game/determinism_test.cpp")
  set_target_properties(test_stage_game_O0 PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_compile_options(test_stage_game_O0 PRIVATE -O0)
  target_include_directories(test_stage_game_O0 PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(test_stage_game_O0 PRIVATE qd_stage_flags qd_warnings OpenSSL::Crypto Threads::Threads GTest::gmock_main)
  add_test(NAME test_stage_game_O0 COMMAND test_stage_game_O0 --gtest_filter=Determinism.GoldenChecksum)
  set_tests_properties(test_stage_game_O0 PROPERTIES LABELS unit TIMEOUT 120)
endif()
qd_test(test_stage_processes FOLDER tests/stage/processes LINK qd_stage_netcode nlohmann_json::nlohmann_json LABEL integration TIMEOUT 60 SERIAL)
if(BUILD_TESTING)
  add_dependencies(test_stage_processes quarterdeck-stage)
endif()
qd_test(test_stage_link FOLDER tests/stage/link LINK qd_agent_probe nlohmann_json::nlohmann_json LABEL integration TIMEOUT 90 SERIAL)
if(BUILD_TESTING)
  add_dependencies(test_stage_link quarterdeck-stage)
endif()
