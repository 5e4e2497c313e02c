# SPDX-License-Identifier: Apache-2.0
# What ./dev package installs besides the programs (each qd_program installs itself).
install(FILES "${CMAKE_SOURCE_DIR}/installer/quarterdeck.desktop" DESTINATION share/applications)
install(FILES "${CMAKE_SOURCE_DIR}/resources/icons/quarterdeck.svg" DESTINATION share/icons/hicolor/scalable/apps)
