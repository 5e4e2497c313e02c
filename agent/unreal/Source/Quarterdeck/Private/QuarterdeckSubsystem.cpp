// SPDX-License-Identifier: Apache-2.0
#include "QuarterdeckSubsystem.h"

#include "Engine/Engine.h"
#include "Engine/GameInstance.h"
#include "Engine/NetConnection.h"
#include "Engine/NetDriver.h"
#include "Engine/PackageMapClient.h"
#include "Engine/World.h"
#include "EngineUtils.h"
#include "GameFramework/Actor.h"
#include "GameFramework/GameStateBase.h"
#include "GameFramework/Pawn.h"
#include "Misc/App.h"
#include "Misc/OutputDeviceRedirector.h"
#include "QuarterdeckSettings.h"
#include "UObject/UObjectGlobals.h"

namespace
{
TArray<UQuarterdeckSubsystem*>& Instances()
{
	static TArray<UQuarterdeckSubsystem*> All; // game thread
	return All;
}

std::string Utf8(const FString& Text)
{
	return std::string(TCHAR_TO_UTF8(*Text));
}

qd_level LevelOf(ELogVerbosity::Type Verbosity)
{
	switch (Verbosity & ELogVerbosity::VerbosityMask)
	{
	case ELogVerbosity::Fatal:
		return QD_FATAL;
	case ELogVerbosity::Error:
		return QD_ERROR;
	case ELogVerbosity::Warning:
		return QD_WARNING;
	case ELogVerbosity::Verbose:
		return QD_DEBUG;
	case ELogVerbosity::VeryVerbose:
		return QD_TRACE;
	default:
		return QD_INFO;
	}
}

quarterdeck::unreal::Vector VectorOf(const FVector& V)
{
	return {V.X, V.Y, V.Z};
}

// The same on server and client: the network's id of a replicated actor; without a network that of its name. 0: none yet.
uint32 IdOf(const UWorld& World, const AActor& Actor)
{
	const UNetDriver* Driver = World.GetNetDriver();
	if (!Driver || !Driver->GuidCache.IsValid()) return FCrc::StrCrc32(*Actor.GetName());
	const FNetworkGUID Guid = Driver->GuidCache->GetNetGUID(&Actor);
	return Guid.IsValid() ? GetTypeHash(Guid) : 0;
}

// The server's clock: its own, or as the replicated game state estimates it.
double ServerSeconds(const UWorld& World)
{
	const AGameStateBase* State = World.GetGameState();
	return State ? State->GetServerWorldTimeSeconds() : World.GetTimeSeconds();
}
} // namespace

UQuarterdeckSubsystem* UQuarterdeckSubsystem::Of(const UObject* WorldContext)
{
	const UWorld* World = GEngine ? GEngine->GetWorldFromContextObject(WorldContext, EGetWorldErrorMode::ReturnNull) : nullptr;
	UGameInstance* Instance = World ? World->GetGameInstance() : nullptr;
	return Instance ? Instance->GetSubsystem<UQuarterdeckSubsystem>() : nullptr;
}

void UQuarterdeckSubsystem::NotifyPatched()
{
	for (UQuarterdeckSubsystem* One : Instances())
	{
		if (One->Member) One->Member->Patched();
	}
}

void UQuarterdeckSubsystem::Initialize(FSubsystemCollectionBase& Collection)
{
	Super::Initialize(Collection);
	Instances().Add(this);
	FWorldDelegates::OnWorldTickStart.AddUObject(this, &UQuarterdeckSubsystem::OnTickStart);
	FWorldDelegates::OnWorldPostActorTick.AddUObject(this, &UQuarterdeckSubsystem::OnPostActorTick);
	FWorldDelegates::OnWorldTickEnd.AddUObject(this, &UQuarterdeckSubsystem::OnTickEnd);
	FCoreUObjectDelegates::PostLoadMapWithWorld.AddUObject(this, &UQuarterdeckSubsystem::OnMapLoaded);
	// Frames of the engine go on while a play-in-editor world is paused; world ticks do not.
	Frame = FTSTicker::GetCoreTicker().AddTicker(FTickerDelegate::CreateUObject(this, &UQuarterdeckSubsystem::OnFrame));
}

void UQuarterdeckSubsystem::Deinitialize()
{
	FTSTicker::GetCoreTicker().RemoveTicker(Frame);
	FWorldDelegates::OnWorldTickStart.RemoveAll(this);
	FWorldDelegates::OnWorldPostActorTick.RemoveAll(this);
	FWorldDelegates::OnWorldTickEnd.RemoveAll(this);
	FCoreUObjectDelegates::PostLoadMapWithWorld.RemoveAll(this);
	Instances().Remove(this);
	Close();
	Super::Deinitialize();
}

bool UQuarterdeckSubsystem::IsMine(const UWorld* World) const
{
	return World && World->IsGameWorld() && World->GetGameInstance() == GetGameInstance();
}

void UQuarterdeckSubsystem::Open(UWorld& World)
{
	const UQuarterdeckSettings& Settings = *GetDefault<UQuarterdeckSettings>();
	const FString Base = Settings.ProcessId.IsEmpty() ? FString(FApp::GetProjectName()) : Settings.ProcessId;
	const bool bClient = World.GetNetMode() == NM_Client;
	quarterdeck::unreal::MemberConfig Config;
	Config.domain = bClient ? Utf8(Base) : "";
	Config.id = bClient ? Utf8(FString::Printf(TEXT("%s-client-%d"), *Base, Instances().IndexOfByKey(this))) : Utf8(Base);
	Config.tickHz = Settings.TickHz;
	Config.map = Utf8(World.GetMapName());
	Config.version = Utf8(FString(FApp::GetBuildVersion()));
	Config.socket = Utf8(Settings.Socket);
	Config.token = Utf8(Settings.Token);
	Config.inEditor = GIsEditor;
	Config.pauseWorld = [this](bool bPause) { Pause(bPause); };
	Member = MakeUnique<quarterdeck::unreal::Member>();
	std::string Error;
	if (!Member->Open(Config, Error))
	{
		UE_LOG(LogTemp, Warning, TEXT("Quarterdeck: %s"), UTF8_TO_TCHAR(Error.c_str()));
		return; // not asked for again: the world runs on without
	}
	DeclareConsoleVariables();
	DeclareProperties();
	if (Settings.bSendLog && GLog)
	{
		LogDevice = MakeUnique<FLogDevice>(*Member);
		GLog->AddOutputDevice(LogDevice.Get());
	}
}

void UQuarterdeckSubsystem::Close()
{
	if (LogDevice && GLog) GLog->RemoveOutputDevice(LogDevice.Get());
	LogDevice.Reset();
	Pause(false);
	Member.Reset();
}

void UQuarterdeckSubsystem::OnTickStart(UWorld* World, ELevelTick, float DeltaSeconds)
{
	if (!IsMine(World)) return;
	if (!Member) Open(*World);
	Member->BeginTick(ServerSeconds(*World), DeltaSeconds);
	if (++Frames % 30 == 0) RefreshParameters();
}

void UQuarterdeckSubsystem::OnPostActorTick(UWorld* World, ELevelTick, float)
{
	if (IsMine(World) && Member && Member->Connected()) SendPoses(*World);
}

// After the net driver has flushed: what this tick sends is sent.
void UQuarterdeckSubsystem::OnTickEnd(UWorld* World, ELevelTick, float)
{
	if (!IsMine(World) || !Member) return;
	if (Frames % 30 == 0) SampleNet(*World);
	Member->EndTick();
}

void UQuarterdeckSubsystem::OnMapLoaded(UWorld* World)
{
	if (IsMine(World) && Member) Member->MapLoaded(Utf8(World->GetMapName()));
}

bool UQuarterdeckSubsystem::OnFrame(float)
{
	if (Member) Member->Poll();
	return true;
}

void UQuarterdeckSubsystem::Pause(bool bPause)
{
	UWorld* World = GetGameInstance() ? GetGameInstance()->GetWorld() : nullptr;
	if (!World || !GIsEditor) return; // outside of the editor the tick itself stands
	if (bPause && !World->bDebugPauseExecution)
	{
		World->bDebugPauseExecution = true;
		bPausedByUs = true;
	}
	else if (!bPause && bPausedByUs)
	{
		World->bDebugPauseExecution = false;
		bPausedByUs = false;
	}
}

void UQuarterdeckSubsystem::SampleNet(const UWorld& World)
{
	const UNetDriver* Driver = World.GetNetDriver();
	if (!Driver) return;
	quarterdeck::unreal::NetStats Stats;
	Stats.inBytesPerSecond = Driver->InBytesPerSecond;
	Stats.outBytesPerSecond = Driver->OutBytesPerSecond;
	Stats.connections = Driver->ClientConnections.Num();
	const auto Take = [&Stats](const UNetConnection& Connection) {
		Stats.inLossPercent = FMath::Max(Stats.inLossPercent, 100.0 * Connection.GetInLossPercentage().GetAvgLossPercentage());
		Stats.outLossPercent = FMath::Max(Stats.outLossPercent, 100.0 * Connection.GetOutLossPercentage().GetAvgLossPercentage());
	};
	for (const UNetConnection* Connection : Driver->ClientConnections)
	{
		if (Connection) Take(*Connection);
	}
	if (Driver->ServerConnection)
	{
		Take(*Driver->ServerConnection);
		Stats.pingMs = Driver->ServerConnection->AvgLag * 1000.0;
	}
	Member->Net(Stats);
}

void UQuarterdeckSubsystem::SendPoses(UWorld& World)
{
	Poses.clear();
	for (TActorIterator<AActor> It(&World); It; ++It)
	{
		const AActor& Actor = **It;
		if (!Actor.IsReplicatingMovement()) continue;
		const APawn* Pawn = Cast<APawn>(&Actor);
		quarterdeck::unreal::Pose Pose;
		Pose.id = IdOf(World, Actor);
		if (Pose.id == 0) continue;
		Pose.flags = QD_ENTITY_ALIVE | (Pawn && Pawn->IsPlayerControlled() ? QD_ENTITY_PLAYER : QD_ENTITY_NPC);
		if (Pawn && Pawn->IsLocallyControlled()) Pose.flags |= QD_ENTITY_LOCAL;
		Pose.location = VectorOf(Actor.GetActorLocation());
		Pose.velocity = VectorOf(Actor.GetVelocity());
		const FQuat Rotation = Actor.GetActorQuat();
		Pose.rotation = {Rotation.X, Rotation.Y, Rotation.Z, Rotation.W};
		Poses.push_back(Pose);
	}
	Member->Poses(Poses);
}

void UQuarterdeckSubsystem::FLogDevice::Serialize(const TCHAR* Text, ELogVerbosity::Type Verbosity, const FName& Category)
{
	Member.Log(LevelOf(Verbosity), TCHAR_TO_UTF8(*Category.ToString()), TCHAR_TO_UTF8(Text));
}
