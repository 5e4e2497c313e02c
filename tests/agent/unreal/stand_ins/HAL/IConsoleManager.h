// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
enum EConsoleVariableFlags : uint32 { ECVF_ReadOnly = 0x4, ECVF_SetByConsole = 0x0A000000 };
class IConsoleVariable;
class IConsoleObject {
 public:
  virtual ~IConsoleObject();
  virtual IConsoleVariable* AsVariable() = 0;
  virtual bool TestFlags(EConsoleVariableFlags flags) const = 0;
  virtual const TCHAR* GetHelp() const = 0;
  virtual bool IsVariableBool() const;
  virtual bool IsVariableInt() const;
  virtual bool IsVariableString() const;
};
class IConsoleVariable : public IConsoleObject {
 public:
  virtual void Set(const TCHAR* value, EConsoleVariableFlags setBy) = 0;
  virtual float GetFloat() const = 0;
};
struct FConsoleObjectVisitor {
  static FConsoleObjectVisitor CreateLambda(std::function<void(const TCHAR*, IConsoleObject*)> function);
};
class IConsoleManager {
 public:
  static IConsoleManager& Get();
  virtual void ForEachConsoleObjectThatStartsWith(const FConsoleObjectVisitor& visitor,
                                                  const TCHAR* start = TEXT("")) const = 0;
  virtual IConsoleVariable* FindConsoleVariable(const TCHAR* name, bool trackFrequentCalls = true) const = 0;
};
