# SPDX-License-Identifier: Apache-2.0
if(NOT QD_GUI)
  return()
endif()

qd_room(widgets/base QT LINK Qt6::Widgets qd_core_ingest qd_core_base)
file(GLOB marks "${CMAKE_SOURCE_DIR}/resources/icons/*.xpm")
qt_add_resources(qd_widgets_base marks PREFIX /quarterdeck BASE "${CMAKE_SOURCE_DIR}/resources/icons" FILES ${marks})
qd_test(test_widgets_base QT FOLDER tests/widgets/base LINK qd_widgets_base)
qd_room(widgets/plot QT LINK qd_widgets_base qd_core_analysis qd_core_breakpoints PRIVATE_LINK QCustomPlotQt6::QCustomPlotQt6)
# QCustomPlot's header is written with Qt's keywords.
target_compile_options(qd_widgets_plot PRIVATE -UQT_NO_KEYWORDS -UQT_NO_FOREACH)
qd_test(test_widgets_plot QT FOLDER tests/widgets/plot LINK qd_widgets_plot qd_core_netcode qd_core_params qd_core_breakpoints qd_fakes_recording
        QCustomPlotQt6::QCustomPlotQt6)
if(TARGET test_widgets_plot)
  target_compile_options(test_widgets_plot PRIVATE -UQT_NO_KEYWORDS -UQT_NO_FOREACH)
endif()
qd_room(widgets/timeline QT LINK qd_widgets_base qd_core_series qd_core_breakpoints qd_core_recording)
qd_test(test_widgets_timeline QT FOLDER tests/widgets/timeline
        LINK qd_widgets_timeline qd_core_netcode qd_core_params qd_core_breakpoints)
qd_room(widgets/world QT LINK qd_widgets_base qd_core_series qd_core_netcode qd_core_params)
qd_test(test_widgets_world QT FOLDER tests/widgets/world LINK qd_widgets_world qd_core_breakpoints)
qd_room(widgets/why QT LINK qd_widgets_base qd_core_analysis qd_core_netcode)
qd_test(test_widgets_why QT FOLDER tests/widgets/why LINK qd_widgets_why qd_core_params qd_core_breakpoints)
# To look at the panels without a cluster: build/release/bin/plot_demo.
qd_program(plot_demo QT INTERNAL FOLDER widgets/plot SOURCES ${CMAKE_SOURCE_DIR}/widgets/plot/plot_demo.cpp
           LINK qd_widgets_plot qd_widgets_timeline qd_widgets_world qd_core_breakpoints)
set_target_properties(plot_demo PROPERTIES EXCLUDE_FROM_ALL ON)
