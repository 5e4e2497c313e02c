# SPDX-License-Identifier: Apache-2.0
qd_room(agent/probe)
# A library in other people's processes: nothing beyond C99 and C++17 without exceptions and RTTI may be asked of them.
target_compile_options(qd_agent_probe PRIVATE -pedantic)
set_target_properties(qd_agent_probe PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF)
qd_test(test_agent_probe FOLDER tests/agent/probe LINK qd_agent_probe)
if(BUILD_TESTING)
  add_library(qd_probe_headers_c99 OBJECT ${CMAKE_SOURCE_DIR}/tests/agent/probe/headers/headers.c)
  target_compile_options(qd_probe_headers_c99 PRIVATE -std=c99 -pedantic -Wall -Wextra -Werror)
  target_include_directories(qd_probe_headers_c99 PRIVATE ${CMAKE_SOURCE_DIR})
  add_library(qd_probe_headers_cpp17 OBJECT ${CMAKE_SOURCE_DIR}/tests/agent/probe/headers/headers.cpp)
  set_target_properties(qd_probe_headers_cpp17 PROPERTIES CXX_STANDARD 17)
  target_compile_options(qd_probe_headers_cpp17 PRIVATE -pedantic -fno-exceptions -fno-rtti -Wall -Wextra -Werror)
  target_include_directories(qd_probe_headers_cpp17 PRIVATE ${CMAKE_SOURCE_DIR})
  add_dependencies(test_agent_probe qd_probe_headers_c99 qd_probe_headers_cpp17)
endif()
if(QD_RPC)
  find_package(spdlog REQUIRED)
  find_package(prometheus-cpp CONFIG REQUIRED)
  qd_room(agent/daemon
    LINK qd_core_serve qd_core_control qd_core_ingest qd_core_link_wire qd_agent_probe
    PRIVATE_LINK prometheus-cpp::pull spdlog::spdlog)
  if(EXISTS "${CMAKE_SOURCE_DIR}/core/control/debug_desk.cpp")  # its header came first
  qd_program(quarterdeckd FOLDER agent/daemon SOURCES "${CMAKE_SOURCE_DIR}/agent/daemon/quarterdeckd_main.cpp"
    LINK qd_agent_daemon spdlog::spdlog)
  endif()
  qd_test(test_agent_daemon FOLDER tests/agent/daemon LINK qd_agent_daemon)
  if(BUILD_TESTING)
    add_executable(quarterdeck-test-game "${CMAKE_SOURCE_DIR}/tests/agent/daemon/game/game_main.cpp")
    target_link_libraries(quarterdeck-test-game PRIVATE qd_agent_probe fmt::fmt qd_warnings)
    set_target_properties(quarterdeck-test-game PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    add_dependencies(test_agent_daemon quarterdeck-test-game)
  endif()
endif()
