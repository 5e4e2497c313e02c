# SPDX-License-Identifier: Apache-2.0
# A whole shift in a real window. It stands beside the programs, because the console looks for the stage there.
if(QD_GUI AND QD_RPC AND BUILD_TESTING)
  qd_test(test_e2e_shift FOLDER tests/e2e QT LABEL e2e TIMEOUT 280 SERIAL LINK qd_app_console)
  set_target_properties(test_e2e_shift PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  add_dependencies(test_e2e_shift quarterdeck-stage quarterdeck-stage-server quarterdeck-stage-bots
                   quarterdeck-stage-editor quarterdeckd)
endif()
