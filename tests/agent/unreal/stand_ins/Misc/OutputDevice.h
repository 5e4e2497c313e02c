// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
namespace ELogVerbosity {
enum Type : uint8 { NoLogging = 0, Fatal, Error, Warning, Display, Log, Verbose, VeryVerbose, VerbosityMask = 0xf };
}
class FOutputDevice {
 public:
  virtual ~FOutputDevice();
  virtual void Serialize(const TCHAR* V, ELogVerbosity::Type Verbosity, const FName& Category) = 0;
  virtual bool CanBeUsedOnMultipleThreads() const;
};
