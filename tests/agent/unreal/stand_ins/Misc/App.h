// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
struct FApp {
  static const TCHAR* GetProjectName();
  static const TCHAR* GetBuildVersion();
};
