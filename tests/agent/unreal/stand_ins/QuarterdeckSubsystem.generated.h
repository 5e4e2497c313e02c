// SPDX-License-Identifier: Apache-2.0
#pragma once
// Made by the Unreal Header Tool; nothing is needed of it here.
