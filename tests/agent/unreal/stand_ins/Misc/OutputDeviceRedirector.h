// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "Misc/OutputDevice.h"
class FOutputDeviceRedirector : public FOutputDevice {
 public:
  void AddOutputDevice(FOutputDevice* device);
  void RemoveOutputDevice(FOutputDevice* device);
};
extern FOutputDeviceRedirector* GLog;
