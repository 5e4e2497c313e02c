# SPDX-License-Identifier: Apache-2.0
if(NOT QD_GUI)
  return()
endif()

qd_room(widgets/params QT LINK qd_widgets_base qd_core_params qd_core_analysis qd_core_series qd_core_breakpoints)
qd_room(widgets/breakpoints QT LINK qd_widgets_base qd_core_breakpoints qd_core_control qd_core_series)
find_library(QD_QSCINTILLA qscintilla2_qt6 REQUIRED)
add_library(QScintilla::QScintilla UNKNOWN IMPORTED)
set_target_properties(QScintilla::QScintilla PROPERTIES IMPORTED_LOCATION "${QD_QSCINTILLA}")
target_link_libraries(QScintilla::QScintilla INTERFACE Qt6::Widgets Qt6::PrintSupport)
qd_room(widgets/debug QT LINK qd_widgets_base qd_core_breakpoints qd_core_control qd_core_series PRIVATE_LINK QScintilla::QScintilla)
# QScintilla's headers are written with Qt's keywords.
target_compile_options(qd_widgets_debug PRIVATE -UQT_NO_KEYWORDS -UQT_NO_FOREACH)
qd_test(test_widgets_params FOLDER tests/widgets/params LINK qd_widgets_params QT LABEL gui)
qd_test(test_widgets_breakpoints FOLDER tests/widgets/breakpoints LINK qd_widgets_breakpoints QT LABEL gui)
