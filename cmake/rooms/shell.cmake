# SPDX-License-Identifier: Apache-2.0
# What stands around the plots: session page and bars, fleet, log.
if(NOT QD_GUI)
  return()
endif()

find_package(tomlplusplus REQUIRED)  # header-only: its library is built with exceptions, contexts.cpp is not
qd_room(widgets/session QT LINK Qt6::Widgets qd_widgets_base qd_core_ingest)
qd_room(widgets/fleet QT LINK Qt6::Widgets qd_widgets_base qd_core_series)
qd_room(widgets/log QT LINK Qt6::Widgets qd_widgets_base qd_core_analysis)
qd_test(test_widgets_session FOLDER tests/widgets/session QT LINK qd_widgets_session)
