# SPDX-License-Identifier: Apache-2.0
# Real processes, driven from Python: also the proof that the wire is open to other languages.
if(BUILD_TESTING AND QD_RPC)
  foreach(name IN ITEMS peers stage links far_groups far_orders far_sources tls why debuggers source_links source_failures files cuts changes safety guards format netcode drills
          probes go adoption unreal)
    add_test(NAME integration_${name} COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tests/integration/${name}_test.py)
    set_tests_properties(integration_${name} PROPERTIES LABELS integration TIMEOUT 300
      ENVIRONMENT "QD_BIN_DIR=${CMAKE_BINARY_DIR}/bin;QD_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  endforeach()
  # What looks at the pace of a game, or at who stops when, has the machine to itself.
  foreach(name IN ITEMS stage links far_groups why debuggers source_links changes safety netcode drills)
    set_tests_properties(integration_${name} PROPERTIES RUN_SERIAL ON)
  endforeach()
endif()
if(BUILD_TESTING AND QD_RPC AND QD_GUI AND NOT QD_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL "Release")
  add_test(NAME package COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/package_test.sh ${CMAKE_BINARY_DIR})
  set_tests_properties(package PROPERTIES LABELS package TIMEOUT 300 RUN_SERIAL ON)
endif()
