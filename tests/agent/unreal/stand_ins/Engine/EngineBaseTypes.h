// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
enum ELevelTick { LEVELTICK_All };
enum ENetMode { NM_Standalone, NM_DedicatedServer, NM_ListenServer, NM_Client };
