// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
class IModuleInterface {
 public:
  virtual ~IModuleInterface();
  virtual void StartupModule();
  virtual void ShutdownModule();
};
class FDefaultModuleImpl : public IModuleInterface {};
class FModuleManager {
 public:
  template <class T>
  static T* LoadModulePtr(const TCHAR* name);
  template <class T>
  static T* GetModulePtr(const TCHAR* name);
};
#define IMPLEMENT_MODULE(implementation, name) \
  static_assert(std::is_base_of<IModuleInterface, implementation>::value, #name);
