// SPDX-License-Identifier: Apache-2.0
#include "QuarterdeckBlueprint.h"

#include "QuarterdeckSubsystem.h"

namespace
{
std::string Utf8(const FString& Text)
{
	return std::string(TCHAR_TO_UTF8(*Text));
}

quarterdeck::unreal::Member* MemberOf(const UObject* WorldContext)
{
	UQuarterdeckSubsystem* Subsystem = UQuarterdeckSubsystem::Of(WorldContext);
	return Subsystem ? Subsystem->GetMember() : nullptr;
}
} // namespace

void UQuarterdeckBlueprint::QuarterdeckSample(const UObject* WorldContext, const FString& Series, const FString& Unit, double Value)
{
	if (auto* Member = MemberOf(WorldContext)) Member->Sample(Utf8(Series), Utf8(Unit), Value);
}

bool UQuarterdeckBlueprint::QuarterdeckSite(const UObject* WorldContext, const FString& Site, const TMap<FString, double>& Fields)
{
	auto* Member = MemberOf(WorldContext);
	if (!Member) return false;
	std::vector<std::pair<std::string, double>> All;
	for (const auto& Pair : Fields) All.emplace_back(Utf8(Pair.Key), Pair.Value);
	return Member->Hit(Utf8(Site), "Blueprint", 0, All);
}

void UQuarterdeckBlueprint::QuarterdeckOffer(const UObject* WorldContext, const FString& Action, const FString& Description, FQuarterdeckAction Run)
{
	auto* Member = MemberOf(WorldContext);
	if (!Member) return;
	Member->Declare(Utf8(Action), Utf8(Description), [Run](std::string& Result) {
		if (!Run.ExecuteIfBound())
		{
			Result = "Whoever offered it is gone.";
			return false;
		}
		return true;
	});
}

void UQuarterdeckBlueprint::QuarterdeckEvent(const UObject* WorldContext, const FString& Event, const TMap<FString, FString>& Fields)
{
	auto* Member = MemberOf(WorldContext);
	if (!Member) return;
	std::vector<std::pair<std::string, std::string>> All;
	for (const auto& Pair : Fields) All.emplace_back(Utf8(Pair.Key), Utf8(Pair.Value));
	Member->Event(Utf8(Event), All);
}
