# SPDX-License-Identifier: Apache-2.0
if(NOT QD_GUI)
  return()
endif()

qd_room(widgets/base QT LINK Qt6::Widgets qd_core_base)
