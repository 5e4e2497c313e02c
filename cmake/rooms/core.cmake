# SPDX-License-Identifier: Apache-2.0
qd_room(core/base LINK fmt::fmt Threads::Threads)
qd_test(test_core_base FOLDER tests/core/base LINK qd_core_base)
qd_room(core/ingest LINK qd_core_base)
if(QD_RPC)
  qd_room(core/serve LINK qd_core_base)
endif()
