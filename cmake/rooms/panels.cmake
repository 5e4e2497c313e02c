# SPDX-License-Identifier: Apache-2.0
if(NOT QD_GUI)
  return()
endif()

qd_room(widgets/params QT LINK qd_widgets_base qd_core_params qd_core_analysis qd_core_series qd_core_breakpoints)
qd_room(widgets/breakpoints QT LINK qd_widgets_base qd_core_breakpoints qd_core_control qd_core_series)
qd_test(test_widgets_params FOLDER tests/widgets/params LINK qd_widgets_params QT LABEL gui)
qd_test(test_widgets_breakpoints FOLDER tests/widgets/breakpoints LINK qd_widgets_breakpoints QT LABEL gui)
