# SPDX-License-Identifier: Apache-2.0
# qd_bench: tests/bench itself needs neither gRPC nor Qt; what does lies in rpc/ and gui/.
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
qd_program(qd_bench FOLDER tests/bench LINK fmt::fmt nlohmann_json::nlohmann_json CLI11::CLI11 qd_agent_probe
    qd_core_series qd_core_recording GTest::gtest INTERNAL)
if(QD_RPC)
  file(GLOB _sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/bench/rpc/*.cpp")
  target_sources(qd_bench PRIVATE ${_sources})
  target_link_libraries(qd_bench PRIVATE qd_core_link qd_core_link_wire qd_core_serve qd_core_security)
  set_source_files_properties("${CMAKE_SOURCE_DIR}/tests/bench/rpc/source_links_bench.cpp"
    PROPERTIES COMPILE_DEFINITIONS QD_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  # Many made-up game processes through real probes; also for benches and looks at the window under load.
  qd_program(qd_load FOLDER tests/bench/load LINK qd_agent_probe qd_stage_runtime CLI11::CLI11 INTERNAL)
  add_dependencies(qd_bench quarterdeck-stage quarterdeckd qd_load)  # started by it
  if(BUILD_TESTING)
    add_dependencies(qd_bench debug-linked go-kit-bench)  # as is what its source links stop
  endif()
endif()
if(QD_GUI)
  file(GLOB _sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/bench/gui/*.cpp")
  add_library(qd_bench_gui OBJECT ${_sources})
  target_link_libraries(qd_bench_gui PRIVATE qd_warnings qd_widgets_plot qd_widgets_fleet QCustomPlotQt6::QCustomPlotQt6
                        nlohmann_json::nlohmann_json)
  target_link_libraries(qd_bench PRIVATE qd_bench_gui qd_widgets_plot qd_widgets_fleet)
  # Only QCustomPlot's header is written with Qt's keywords.
  set_source_files_properties("${CMAKE_SOURCE_DIR}/tests/bench/gui/fleet_bench.cpp" PROPERTIES COMPILE_DEFINITIONS QT_NO_KEYWORDS)
  add_dependencies(qd_bench quarterdeck)
endif()
