// SPDX-License-Identifier: Apache-2.0
// Console variables and reflected properties as parameters.
#include "HAL/IConsoleManager.h"
#include "QuarterdeckSettings.h"
#include "QuarterdeckSubsystem.h"
#include "UObject/UnrealType.h"

using quarterdeck::unreal::Member;

namespace
{
std::string Utf8(const FString& Text)
{
	return std::string(TCHAR_TO_UTF8(*Text));
}

void Declare(Member& Into, const TCHAR* Name, IConsoleVariable& Variable)
{
	if (Variable.TestFlags(ECVF_ReadOnly) || Variable.IsVariableString()) return;
	Member::Parameter Parameter;
	Parameter.name = Utf8(FString(Name));
	Parameter.group = "console";
	Parameter.description = Utf8(FString(Variable.GetHelp()));
	Parameter.whole = Variable.IsVariableInt();
	Parameter.truth = Variable.IsVariableBool();
	Parameter.value = Variable.GetFloat();
	Parameter.risk = QD_GUARDED;
	Parameter.apply = [Key = FString(Name)](double Value) {
		// Looked up again: a module that declared it may be gone.
		if (IConsoleVariable* Found = IConsoleManager::Get().FindConsoleVariable(*Key)) Found->Set(*FString::SanitizeFloat(Value), ECVF_SetByConsole);
	};
	Into.Declare(Parameter);
}

void Declare(Member& Into, UObject& Defaults, FProperty& Property)
{
	Member::Parameter Parameter;
	void* Place = Property.ContainerPtrToValuePtr<void>(&Defaults);
	Parameter.name = Utf8(Defaults.GetClass()->GetName() + TEXT(".") + Property.GetName());
	Parameter.group = Utf8(Defaults.GetClass()->GetName());
	Parameter.risk = QD_GUARDED;
	if (FBoolProperty* Truth = CastField<FBoolProperty>(&Property))
	{
		Parameter.truth = true;
		Parameter.value = Truth->GetPropertyValue(Place) ? 1 : 0;
		Parameter.apply = [Truth, Place](double Value) { Truth->SetPropertyValue(Place, Value != 0); };
	}
	else if (FNumericProperty* Number = CastField<FNumericProperty>(&Property))
	{
		Parameter.whole = Number->IsInteger();
		Parameter.value = Parameter.whole ? double(Number->GetSignedIntPropertyValue(Place)) : Number->GetFloatingPointPropertyValue(Place);
		Parameter.apply = [Number, Place](double Value) {
			if (Number->IsInteger())
			{
				Number->SetIntPropertyValue(Place, int64(Value));
			}
			else
			{
				Number->SetFloatingPointPropertyValue(Place, Value);
			}
		};
#if WITH_EDITORONLY_DATA
		if (Property.HasMetaData(TEXT("ClampMin")) && Property.HasMetaData(TEXT("ClampMax")))
		{
			Parameter.least = FCString::Atod(*Property.GetMetaData(TEXT("ClampMin")));
			Parameter.most = FCString::Atod(*Property.GetMetaData(TEXT("ClampMax")));
		}
#endif
	}
	else
	{
		return;
	}
	Into.Declare(Parameter);
}
} // namespace

void UQuarterdeckSubsystem::DeclareConsoleVariables()
{
	for (const FString& Prefix : GetDefault<UQuarterdeckSettings>()->ConsoleVariables)
	{
		IConsoleManager::Get().ForEachConsoleObjectThatStartsWith(
			FConsoleObjectVisitor::CreateLambda([this](const TCHAR* Name, IConsoleObject* Object) {
				if (IConsoleVariable* Variable = Object ? Object->AsVariable() : nullptr) Declare(*Member, Name, *Variable);
			}),
			*Prefix);
	}
}

void UQuarterdeckSubsystem::DeclareProperties()
{
	for (const FSoftClassPath& Path : GetDefault<UQuarterdeckSettings>()->ParameterClasses)
	{
		UClass* Class = Path.TryLoadClass<UObject>();
		if (!Class) continue;
		for (TFieldIterator<FProperty> It(Class); It; ++It)
		{
#if WITH_EDITORONLY_DATA
			if (!It->HasMetaData(TEXT("Quarterdeck"))) continue;
#else
			if (!It->HasAnyPropertyFlags(CPF_Config)) continue;
#endif
			Declare(*Member, *Class->GetDefaultObject(), **It);
		}
	}
}

// What was changed in the console or by the game: about once a second, since properties tell nobody.
void UQuarterdeckSubsystem::RefreshParameters()
{
	for (const FString& Prefix : GetDefault<UQuarterdeckSettings>()->ConsoleVariables)
	{
		IConsoleManager::Get().ForEachConsoleObjectThatStartsWith(
			FConsoleObjectVisitor::CreateLambda([this](const TCHAR* Name, IConsoleObject* Object) {
				IConsoleVariable* Variable = Object ? Object->AsVariable() : nullptr;
				if (Variable) Member->Changed(Utf8(FString(Name)), Variable->GetFloat());
			}),
			*Prefix);
	}
}
