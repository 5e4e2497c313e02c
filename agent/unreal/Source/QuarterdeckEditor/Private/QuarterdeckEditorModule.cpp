// SPDX-License-Identifier: Apache-2.0
// What only the editor knows: Live Coding has patched the code.
#include "Modules/ModuleManager.h"
#include "QuarterdeckSubsystem.h"

#if WITH_LIVE_CODING
#include "ILiveCodingModule.h"
#endif

class FQuarterdeckEditorModule : public IModuleInterface
{
public:
	void StartupModule() override
	{
#if WITH_LIVE_CODING
		if (ILiveCodingModule* LiveCoding = FModuleManager::LoadModulePtr<ILiveCodingModule>(LIVE_CODING_MODULE_NAME))
		{
			Patched = LiveCoding->GetOnPatchCompleteDelegate().AddStatic(&UQuarterdeckSubsystem::NotifyPatched);
		}
#endif
	}

	void ShutdownModule() override
	{
#if WITH_LIVE_CODING
		if (ILiveCodingModule* LiveCoding = FModuleManager::GetModulePtr<ILiveCodingModule>(LIVE_CODING_MODULE_NAME))
		{
			LiveCoding->GetOnPatchCompleteDelegate().Remove(Patched);
		}
#endif
	}

private:
#if WITH_LIVE_CODING
	FDelegateHandle Patched;
#endif
};

IMPLEMENT_MODULE(FQuarterdeckEditorModule, QuarterdeckEditor)
