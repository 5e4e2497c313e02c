// SPDX-License-Identifier: Apache-2.0
#pragma once
// Not Unreal: declarations as small as the plugin's sources need to be compiled against, after the public documentation
// of UE 5.4. What they prove is spelling and types on our side, not behaviour. Nothing here is defined or linked.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using int32 = std::int32_t;
using int64 = std::int64_t;
using uint32 = std::uint32_t;
using uint64 = std::uint64_t;
using uint8 = std::uint8_t;
using TCHAR = char16_t;
#define TEXT(x) u##x
#define QUARTERDECK_API
#define UCLASS(...)
#define UPROPERTY(...)
#define UFUNCTION(...)
#define GENERATED_BODY()      \
 public:                      \
  using Super = StandInSuper; \
                              \
 private:

class FString {
 public:
  FString() = default;
  FString(const TCHAR* text);
  bool IsEmpty() const;
  const TCHAR* operator*() const;
  FString operator+(const TCHAR* more) const;
  FString operator+(const FString& more) const;
  bool operator<(const FString& other) const;
  template <class... Args>
  static FString Printf(const TCHAR* format, Args... args);
  static FString SanitizeFloat(double value);
};
class FName {
 public:
  FString ToString() const;
};
class FUtf8Text {
 public:
  explicit FUtf8Text(const TCHAR* text);
  operator const char*() const;
};
#define TCHAR_TO_UTF8(text) static_cast<const char*>(FUtf8Text(text))
const TCHAR* UTF8_TO_TCHAR(const char* text);
template <class... Args>
void StandInLog(const TCHAR* format, Args... args);
#define UE_LOG(category, verbosity, format, ...) StandInLog(format, ##__VA_ARGS__)

template <class T>
class TArray {
 public:
  void Add(const T& value);
  int32 Remove(const T& value);
  int32 Num() const;
  template <class K>
  int32 IndexOfByKey(const K& key) const;
  T* begin();
  T* end();
  const T* begin() const;
  const T* end() const;
};
template <class K, class V>
struct TPair {
  K Key;
  V Value;
};
template <class K, class V>
class TMap {
 public:
  const TPair<K, V>* begin() const;
  const TPair<K, V>* end() const;
};
template <class T>
class TUniquePtr {
 public:
  TUniquePtr() = default;
  TUniquePtr(TUniquePtr&& other);
  TUniquePtr& operator=(TUniquePtr&& other);
  T* Get() const;
  T* operator->() const;
  T& operator*() const;
  explicit operator bool() const;
  void Reset();
};
template <class T, class... Args>
TUniquePtr<T> MakeUnique(Args&&... args);
template <class T>
class TSharedPtr {
 public:
  bool IsValid() const;
  T* operator->() const;
};

struct FDelegateHandle {};
template <class... Args>
struct TMulticastDelegate {
  template <class U>
  FDelegateHandle AddUObject(U* object, void (U::*method)(Args...));
  FDelegateHandle AddStatic(void (*function)(Args...));
  void RemoveAll(const void* object);
  bool Remove(FDelegateHandle handle);
};

struct FMath {
  static double Max(double a, double b);
};
struct FCrc {
  static uint32 StrCrc32(const TCHAR* text);
};
struct FCString {
  static double Atod(const TCHAR* text);
};
struct FVector {
  double X, Y, Z;
};
struct FQuat {
  double X, Y, Z, W;
};
extern bool GIsEditor;

class UClass;
class UObject {
 public:
  UClass* GetClass() const;
  FString GetName() const;
};
using StandInSuper = UObject;
class UClass : public UObject {
 public:
  UObject* GetDefaultObject() const;
};
template <class T>
const T* GetDefault();
template <class T, class F>
T* Cast(F* from);
#define DECLARE_DYNAMIC_DELEGATE(name) \
  struct name {                        \
    bool ExecuteIfBound() const;       \
  }
