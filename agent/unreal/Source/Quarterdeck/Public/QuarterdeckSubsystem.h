// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "CoreMinimal.h"
#include "Containers/Ticker.h"
#include "Engine/EngineBaseTypes.h"
#include "Misc/OutputDevice.h"
#include "QuarterdeckMember.h"
#include "Subsystems/GameInstanceSubsystem.h"

#include "QuarterdeckSubsystem.generated.h"

class UWorld;

// One game instance's world as a member: play-in-editor has an instance for the server and one for each client. Game
// thread only, but for Serialize of its log device.
UCLASS()
class QUARTERDECK_API UQuarterdeckSubsystem : public UGameInstanceSubsystem
{
	GENERATED_BODY()

public:
	virtual void Initialize(FSubsystemCollectionBase& Collection) override;
	virtual void Deinitialize() override;

	quarterdeck::unreal::Member* GetMember() { return Member.Get(); }
	static UQuarterdeckSubsystem* Of(const UObject* WorldContext);

	// Of all instances: Live Coding has patched the code.
	static void NotifyPatched();

private:
	class FLogDevice : public FOutputDevice
	{
	public:
		explicit FLogDevice(quarterdeck::unreal::Member& InMember) : Member(InMember) {}
		virtual void Serialize(const TCHAR* Text, ELogVerbosity::Type Verbosity, const FName& Category) override;
		virtual bool CanBeUsedOnMultipleThreads() const override { return true; }

	private:
		quarterdeck::unreal::Member& Member;
	};

	void Open(UWorld& World);
	void Close();
	void OnTickStart(UWorld* World, ELevelTick Type, float DeltaSeconds);
	void OnPostActorTick(UWorld* World, ELevelTick Type, float DeltaSeconds);
	void OnTickEnd(UWorld* World, ELevelTick Type, float DeltaSeconds);
	void OnMapLoaded(UWorld* World);
	bool OnFrame(float DeltaSeconds);
	bool IsMine(const UWorld* World) const;
	void Pause(bool bPause);
	void SampleNet(const UWorld& World);
	void SendPoses(UWorld& World);
	void DeclareConsoleVariables();
	void DeclareProperties();
	void RefreshParameters();

	TUniquePtr<quarterdeck::unreal::Member> Member;
	TUniquePtr<FLogDevice> LogDevice;
	std::vector<quarterdeck::unreal::Pose> Poses;
	FTSTicker::FDelegateHandle Frame;
	bool bPausedByUs = false;
	uint32 Frames = 0;
};
