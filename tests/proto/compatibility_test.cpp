// SPDX-License-Identifier: Apache-2.0
// The present contract against the golden one: proto/COMPATIBILITY.md says what may change.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "quarterdeck/v1/quarterdeck.pb.h"
#include "tests/support/paths.h"

namespace {

namespace gp = google::protobuf;
using Findings = std::vector<std::string>;

// Everything that must stay, flattened: full name to what it is. Fields and enum values also under their numbers.
using Inventory = std::map<std::string, std::string>;

std::string kindOf(const gp::DescriptorProto& message, const gp::FieldDescriptorProto& field) {
  std::string out = gp::FieldDescriptorProto::Type_Name(field.type()) + " " + field.type_name() + " " +
                    gp::FieldDescriptorProto::Label_Name(field.label());
  if (field.proto3_optional()) return out + " optional";
  if (field.has_oneof_index()) out += " in " + message.oneof_decl(field.oneof_index()).name();
  if (field.options().has_packed()) out += field.options().packed() ? " packed" : " unpacked";
  return out;
}

void take(const std::string& scope, const gp::EnumDescriptorProto& what, Inventory& out) {
  const std::string name = scope + "." + what.name();
  out["enum " + name] = "";
  for (const auto& value : what.value()) out[name + "." + value.name()] = std::to_string(value.number());
}

void take(const std::string& scope, const gp::DescriptorProto& what, Inventory& out) {
  const std::string name = scope + "." + what.name();
  out["message " + name] = "";
  for (const auto& field : what.field()) {
    out[name + "." + field.name()] = std::to_string(field.number()) + " " + kindOf(what, field);
  }
  for (const auto& nested : what.nested_type()) take(name, nested, out);
  for (const auto& nested : what.enum_type()) take(name, nested, out);
}

Inventory inventory(const gp::FileDescriptorProto& file) {
  Inventory out;
  out["package"] = file.package() + " " + file.syntax();
  for (const auto& message : file.message_type()) take(file.package(), message, out);
  for (const auto& type : file.enum_type()) take(file.package(), type, out);
  for (const auto& service : file.service()) {
    for (const auto& rpc : service.method()) {
      out["rpc " + service.name() + "." + rpc.name()] = rpc.input_type() + (rpc.client_streaming() ? " stream" : "") +
                                                        " to " + rpc.output_type() +
                                                        (rpc.server_streaming() ? " stream" : "");
    }
  }
  return out;
}

Findings missingOrChanged(const gp::FileDescriptorProto& before, const gp::FileDescriptorProto& after) {
  Findings out;
  const Inventory now = inventory(after);
  for (const auto& [name, what] : inventory(before)) {
    const auto it = now.find(name);
    if (it == now.end()) {
      out.push_back(name + " was removed or renamed");
    } else if (it->second != what) {
      out.push_back(name + " was " + what + " and is " + it->second);
    }
  }
  return out;
}

gp::FileDescriptorProto golden() {
  std::ifstream in(qd::paths::kSourceDir + "/tests/golden/quarterdeck.v1.binpb", std::ios::binary);
  gp::FileDescriptorSet set;
  EXPECT_TRUE(set.ParseFromIstream(&in));
  return set.file_size() == 1 ? set.file(0) : gp::FileDescriptorProto();
}

gp::FileDescriptorProto present() {
  gp::FileDescriptorProto out;
  quarterdeck::v1::Batch::descriptor()->file()->CopyTo(&out);
  return out;
}

TEST(Contract, BreaksNobody) {
  EXPECT_THAT(missingOrChanged(golden(), present()), testing::IsEmpty())
      << "proto/COMPATIBILITY.md says what may change.";
}

TEST(Contract, AdditionsAreGuardedToo) {
  EXPECT_THAT(missingOrChanged(present(), golden()), testing::IsEmpty())
      << "Take the addition over into tests/golden, as proto/COMPATIBILITY.md says.";
}

gp::DescriptorProto& message(gp::FileDescriptorProto& file, const std::string& name) {
  for (auto& found : *file.mutable_message_type()) {
    if (found.name() == name) return found;
  }
  throw std::out_of_range(name);
}

// Each breaking change is found, so the test above means something.
struct Break {
  const char* name;
  std::function<void(gp::FileDescriptorProto&)> change;
};
class Breaking : public testing::TestWithParam<Break> {};

TEST_P(Breaking, IsFound) {
  gp::FileDescriptorProto changed = golden();
  GetParam().change(changed);
  EXPECT_THAT(missingOrChanged(golden(), changed), testing::Not(testing::IsEmpty()));
}

using File = gp::FileDescriptorProto;
INSTANTIATE_TEST_SUITE_P(
    Changes, Breaking,
    testing::Values(
        Break{"RemovedField", [](File& f) { message(f, "Batch").mutable_field()->DeleteSubrange(1, 1); }},
        Break{"RenumberedField", [](File& f) { message(f, "Batch").mutable_field(1)->set_number(99); }},
        Break{"RenamedField", [](File& f) { message(f, "Batch").mutable_field(1)->set_name("other"); }},
        Break{"RetypedField",
              [](File& f) { message(f, "Batch").mutable_field(1)->set_type(gp::FieldDescriptorProto::TYPE_SINT64); }},
        Break{
            "RepeatedField",
            [](File& f) { message(f, "Batch").mutable_field(1)->set_label(gp::FieldDescriptorProto::LABEL_REPEATED); }},
        Break{"OutOfItsOneof", [](File& f) { message(f, "Batch").mutable_field(2)->clear_oneof_index(); }},
        Break{"NoLongerOptional", [](File& f) { message(f, "Assignment").mutable_field(2)->clear_proto3_optional(); }},
        Break{"RemovedMessage", [](File& f) { f.mutable_message_type()->DeleteSubrange(0, 1); }},
        Break{"RemovedEnumValue", [](File& f) { f.mutable_enum_type(0)->mutable_value()->DeleteSubrange(1, 1); }},
        Break{"RenumberedEnumValue", [](File& f) { f.mutable_enum_type(0)->mutable_value(1)->set_number(9); }},
        Break{"RemovedRpc", [](File& f) { f.mutable_service(0)->mutable_method()->DeleteSubrange(0, 1); }},
        Break{"RpcNoLongerStreams",
              [](File& f) { f.mutable_service(0)->mutable_method(2)->set_server_streaming(false); }},
        Break{"RenamedPackage", [](File& f) { f.set_package("quarterdeck.v2"); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
