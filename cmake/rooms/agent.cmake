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
if(BUILD_TESTING)
  # The example game, here and for Windows (run under Wine by the tests). Without the cross compiler the test says so.
  add_executable(probe-example "${CMAKE_SOURCE_DIR}/agent/probe/example/game.c")
  target_link_libraries(probe-example PRIVATE qd_agent_probe qd_warnings m)
  set_target_properties(probe-example PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  find_program(QD_MINGW NAMES x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-gcc)
  if(QD_MINGW)
    file(GLOB _probe CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/agent/probe/*.c" "${CMAKE_SOURCE_DIR}/agent/probe/*.h")
    set(_probe_c ${_probe})
    list(FILTER _probe_c INCLUDE REGEX "\\.c$")
    list(FILTER _probe_c EXCLUDE REGEX "lane_reader") # the agent's side
    set(_exe "${CMAKE_BINARY_DIR}/tests/probe-windows.exe")
    add_custom_command(OUTPUT "${_exe}"
      COMMAND ${QD_MINGW} -O2 -std=gnu99 -Wall -Wextra -Werror -Wno-stringop-overread -DQD_BUILDS_PROBE -D_WIN32_WINNT=0x0A00
              -D__USE_MINGW_ANSI_STDIO=1 "-I${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/agent/probe/example/game.c"
              ${_probe_c} -o "${_exe}" -static -lws2_32 -lbcrypt
      DEPENDS ${_probe} "${CMAKE_SOURCE_DIR}/agent/probe/example/game.c" VERBATIM)
    add_custom_target(probe-example-windows ALL DEPENDS "${_exe}")
  endif()
endif()
find_package(nlohmann_json REQUIRED)
qd_room(agent/debug LINK qd_core_base nlohmann_json::nlohmann_json)
qd_program(quarterdeck-guardian FOLDER agent/debug SOURCES "${CMAKE_SOURCE_DIR}/agent/debug/guardian_main.cpp"
  LINK qd_agent_debug)
qd_test(test_agent_debug FOLDER tests/agent/debug LINK qd_agent_debug TIMEOUT 180)
if(BUILD_TESTING)
  # Programs to be debugged.
  set(_programs "${CMAKE_SOURCE_DIR}/tests/agent/debug/programs")
  add_executable(debug-ticker-cpp "${_programs}/ticker.cpp")
  qd_debuggee(debug-ticker-cpp)
  target_link_libraries(debug-ticker-cpp PRIVATE Threads::Threads)
  find_program(QD_GO go)
  add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/tests/debug-ticker-go"
    COMMAND ${CMAKE_COMMAND} -E env GOFLAGS=-mod=mod GO111MODULE=off GOCACHE=${CMAKE_BINARY_DIR}/go-cache
            ${QD_GO} build "-gcflags=all=-N -l" -o "${CMAKE_BINARY_DIR}/tests/debug-ticker-go" "${_programs}/ticker.go"
    DEPENDS "${_programs}/ticker.go" VERBATIM)
  add_custom_target(debug-ticker-go DEPENDS "${CMAKE_BINARY_DIR}/tests/debug-ticker-go")
  # Both halves of a linked game, Go and C++, each with a probe.
  add_executable(debug-linked-cpp "${_programs}/linked/linked.cpp")
  qd_debuggee(debug-linked-cpp)
  target_link_libraries(debug-linked-cpp PRIVATE qd_agent_probe)
  add_executable(debug-linked-optimised "${_programs}/linked/linked.cpp")
  qd_debuggee(debug-linked-optimised)
  target_compile_options(debug-linked-optimised PRIVATE -O2)
  target_link_libraries(debug-linked-optimised PRIVATE qd_agent_probe)
  add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/tests/debug-linked-go"
    COMMAND ${CMAKE_COMMAND} -E env GOFLAGS=-mod=mod GO111MODULE=off GOCACHE=${CMAKE_BINARY_DIR}/go-cache CGO_ENABLED=1
            CGO_CFLAGS=-I${CMAKE_SOURCE_DIR} CGO_LDFLAGS=$<TARGET_FILE:qd_agent_probe>
            ${QD_GO} build "-gcflags=all=-N -l" -o "${CMAKE_BINARY_DIR}/tests/debug-linked-go" "${_programs}/linked/main.go"
    DEPENDS "${_programs}/linked/main.go" qd_agent_probe VERBATIM)
  add_custom_target(debug-linked ALL DEPENDS "${CMAKE_BINARY_DIR}/tests/debug-linked-go")
  add_dependencies(debug-linked debug-linked-cpp debug-linked-optimised)
  add_dependencies(test_agent_debug debug-ticker-cpp debug-ticker-go quarterdeck-guardian)
  # On a loaded machine lldb's side counts one resume more than was ordered now and then (docs/debuggers.md): alone.
  set_tests_properties(test_agent_debug PROPERTIES RUN_SERIAL ON)
endif()
if(BUILD_TESTING)
  # The kit for Go: its own checks (format, vet, tests), and the example server for the integration tests.
  set(_go_env ${CMAKE_COMMAND} -E env GOFLAGS=-mod=mod GOPROXY=off GOWORK=off GOTOOLCHAIN=local
      GOCACHE=${CMAKE_BINARY_DIR}/go-cache)
  add_test(NAME go_kit COMMAND ${_go_env} ${CMAKE_SOURCE_DIR}/tests/agent/go/check.sh ${CMAKE_SOURCE_DIR}/agent/go)
  set_tests_properties(go_kit PROPERTIES LABELS unit TIMEOUT 240)
  file(GLOB_RECURSE _go_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/agent/go/*.go" "${CMAKE_SOURCE_DIR}/agent/go/*.s")
  add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/tests/go-example-server"
    COMMAND ${_go_env} ${QD_GO} build -o "${CMAKE_BINARY_DIR}/tests/go-example-server"
            ./example/server
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}/agent/go"
    DEPENDS ${_go_sources} "${CMAKE_SOURCE_DIR}/agent/go/go.mod" VERBATIM)
  add_custom_target(go-example-server ALL DEPENDS "${CMAKE_BINARY_DIR}/tests/go-example-server")
  # Its benchmarks, for qd_bench.
  add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/tests/go-kit-bench"
    COMMAND ${_go_env} ${QD_GO} test -c -o "${CMAKE_BINARY_DIR}/tests/go-kit-bench" .
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}/agent/go"
    DEPENDS ${_go_sources} "${CMAKE_SOURCE_DIR}/agent/go/go.mod" VERBATIM)
  add_custom_target(go-kit-bench DEPENDS "${CMAKE_BINARY_DIR}/tests/go-kit-bench")
endif()
if(BUILD_TESTING)
  # The kit for Unreal, without Unreal: its sources against stand-ins (in the engine's manner: no exceptions, no RTTI),
  # with and without the editor; its engine-free half in a host of a page.
  set(_unreal "${CMAKE_SOURCE_DIR}/agent/unreal/Source")
  file(GLOB _unreal_sources CONFIGURE_DEPENDS "${_unreal}/*/Private/*.cpp")
  foreach(_editor IN ITEMS 0 1)
    add_library(qd_unreal_stand_ins_${_editor} OBJECT ${_unreal_sources})
    set_target_properties(qd_unreal_stand_ins_${_editor} PROPERTIES CXX_STANDARD 20)
    target_compile_options(qd_unreal_stand_ins_${_editor} PRIVATE -fno-exceptions -fno-rtti -Wall -Wextra -Werror
                           -Wno-unused-parameter)
    target_compile_definitions(qd_unreal_stand_ins_${_editor} PRIVATE WITH_LIVE_CODING=${_editor}
                               WITH_EDITORONLY_DATA=${_editor})
    target_include_directories(qd_unreal_stand_ins_${_editor} PRIVATE "${CMAKE_SOURCE_DIR}" "${_unreal}/Quarterdeck/Public"
                               "${CMAKE_SOURCE_DIR}/tests/agent/unreal/stand_ins")
  endforeach()
  add_executable(unreal-host "${CMAKE_SOURCE_DIR}/tests/agent/unreal/host/host_main.cpp"
                 "${_unreal}/Quarterdeck/Private/QuarterdeckMember.cpp")
  set_target_properties(unreal-host PROPERTIES CXX_STANDARD 17 RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_compile_options(unreal-host PRIVATE -fno-exceptions -fno-rtti)
  target_include_directories(unreal-host PRIVATE "${_unreal}/Quarterdeck/Public")
  target_link_libraries(unreal-host PRIVATE qd_agent_probe qd_warnings Threads::Threads)
  qd_test(test_agent_unreal FOLDER tests/agent/unreal/units)
  add_dependencies(test_agent_unreal qd_unreal_stand_ins_0 qd_unreal_stand_ins_1)
endif()
if(QD_RPC)
  find_package(spdlog REQUIRED)
  find_package(prometheus-cpp CONFIG REQUIRED)
  find_package(CURL REQUIRED)
  qd_room(agent/daemon
    LINK qd_core_serve qd_core_etcd qd_core_control qd_core_ingest qd_core_link_wire qd_agent_probe qd_agent_debug
    PRIVATE_LINK prometheus-cpp::pull spdlog::spdlog CURL::libcurl)
  qd_program(quarterdeckd FOLDER agent/daemon SOURCES "${CMAKE_SOURCE_DIR}/agent/daemon/quarterdeckd_main.cpp"
    LINK qd_agent_daemon spdlog::spdlog)
  qd_test(test_agent_daemon FOLDER tests/agent/daemon LINK qd_agent_daemon)
  if(BUILD_TESTING)
    add_executable(quarterdeck-test-game "${CMAKE_SOURCE_DIR}/tests/agent/daemon/game/game_main.cpp")
    target_link_libraries(quarterdeck-test-game PRIVATE qd_agent_probe fmt::fmt qd_warnings)
    set_target_properties(quarterdeck-test-game PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    # The same game, as its author would build it for a debugger.
    add_executable(debug-game "${CMAKE_SOURCE_DIR}/tests/agent/daemon/game/game_main.cpp")
    qd_debuggee(debug-game)
    target_link_libraries(debug-game PRIVATE qd_agent_probe fmt::fmt qd_warnings)
    qd_test(test_agent_live FOLDER tests/agent/daemon/live LINK qd_proto qd_agent_probe LABEL integration)
    add_dependencies(test_agent_live quarterdeck-test-game quarterdeckd)
    add_dependencies(quarterdeckd quarterdeck-guardian)
  endif()
endif()
