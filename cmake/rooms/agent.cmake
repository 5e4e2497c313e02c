# SPDX-License-Identifier: Apache-2.0
qd_room(agent/probe)
