// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
enum EPropertyFlags : uint64 { CPF_Config = 0x4000 };
class FProperty {
 public:
  FString GetName() const;
  bool HasMetaData(const TCHAR* key) const;
  FString GetMetaData(const TCHAR* key) const;
  bool HasAnyPropertyFlags(uint64 flags) const;
  template <class T>
  T* ContainerPtrToValuePtr(void* container) const;
};
class FBoolProperty : public FProperty {
 public:
  bool GetPropertyValue(const void* place) const;
  void SetPropertyValue(void* place, bool value) const;
};
class FNumericProperty : public FProperty {
 public:
  bool IsInteger() const;
  int64 GetSignedIntPropertyValue(const void* place) const;
  double GetFloatingPointPropertyValue(const void* place) const;
  void SetIntPropertyValue(void* place, int64 value) const;
  void SetFloatingPointPropertyValue(void* place, double value) const;
};
template <class T>
T* CastField(FProperty* property);
template <class T>
class TFieldIterator {
 public:
  explicit TFieldIterator(const UClass* of);
  explicit operator bool() const;
  TFieldIterator& operator++();
  T* operator*() const;
  T* operator->() const;
};
