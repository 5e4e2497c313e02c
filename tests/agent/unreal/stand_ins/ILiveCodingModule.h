// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "Modules/ModuleManager.h"
#define LIVE_CODING_MODULE_NAME TEXT("LiveCoding")
class ILiveCodingModule : public IModuleInterface {
 public:
  virtual TMulticastDelegate<>& GetOnPatchCompleteDelegate() = 0;
};
