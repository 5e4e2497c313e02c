# SPDX-License-Identifier: Apache-2.0
# What stands around the plots: session page and bars, fleet, log.
if(NOT QD_GUI)
  return()
endif()

find_package(tomlplusplus REQUIRED)  # header-only
qd_room(widgets/session QT LINK Qt6::Widgets qd_widgets_base qd_core_ingest)
qd_room(widgets/fleet QT LINK Qt6::Widgets qd_widgets_base qd_core_series)
qd_room(widgets/log QT LINK Qt6::Widgets qd_widgets_base qd_core_analysis qd_core_breakpoints)
qd_test(test_widgets_session FOLDER tests/widgets/session QT LINK qd_widgets_session)
qd_test(test_widgets_fleet FOLDER tests/widgets/fleet QT LINK qd_widgets_fleet qd_core_netcode qd_core_params qd_core_breakpoints)
qd_test(test_widgets_log FOLDER tests/widgets/log QT LINK qd_widgets_log)
qd_room(app/console QT LINK Qt6::Widgets qd_widgets_session qd_widgets_fleet qd_widgets_log qd_widgets_plot
        qd_widgets_timeline qd_widgets_world qd_widgets_why qd_widgets_params qd_widgets_breakpoints qd_widgets_debug qd_core_series qd_core_netcode qd_core_params qd_core_breakpoints
        qd_core_analysis qd_core_recording qd_core_link)
target_compile_definitions(qd_app_console PRIVATE QD_VERSION="${PROJECT_VERSION}")
qd_program(quarterdeck QT FOLDER app/console SOURCES ${CMAKE_SOURCE_DIR}/app/console/quarterdeck_main.cpp
           LINK qd_app_console)
qd_test(test_app_console FOLDER tests/app/console QT LABEL gui LINK qd_app_console)
if(BUILD_TESTING AND QD_RPC)
  qd_test(test_app_debug FOLDER tests/app/debug QT LABEL gui LINK qd_app_console QScintilla::QScintilla SERIAL)
  target_compile_options(test_app_debug PRIVATE -UQT_NO_KEYWORDS -UQT_NO_FOREACH)
  add_dependencies(test_app_debug debug-game quarterdeckd)
endif()
