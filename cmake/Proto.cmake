# SPDX-License-Identifier: Apache-2.0
# qd_etcd_proto: what core/etcd uses of etcd's own service, from proto/etcd/v3.
# qd_proto: the generated code of proto/quarterdeck/v1, in the build tree, included as "quarterdeck/v1/quarterdeck.pb.h".
# Only core/link and core/serve may see it (cmake/Layers.cmake); its warnings are not ours.
set(_out "${CMAKE_BINARY_DIR}/generated")
set(_proto "${CMAKE_SOURCE_DIR}/proto/quarterdeck/v1/quarterdeck.proto")
set(_generated "")
foreach(ext pb.cc pb.h grpc.pb.cc grpc.pb.h)
  list(APPEND _generated "${_out}/quarterdeck/v1/quarterdeck.${ext}")
endforeach()
file(MAKE_DIRECTORY "${_out}")
add_custom_command(
  OUTPUT ${_generated}
  COMMAND protobuf::protoc "-I${CMAKE_SOURCE_DIR}/proto" "--cpp_out=${_out}" "--grpc_out=${_out}"
          "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>" "${_proto}"
  DEPENDS "${_proto}"
  COMMENT "Generating quarterdeck.v1")
add_library(qd_proto STATIC ${_generated})
target_include_directories(qd_proto SYSTEM PUBLIC "${_out}")
target_compile_options(qd_proto PRIVATE -w)
target_link_libraries(qd_proto PUBLIC gRPC::grpc++ protobuf::libprotobuf)

set(_etcd "${CMAKE_SOURCE_DIR}/proto/etcd/v3/etcd.proto")
set(_generated "")
foreach(ext pb.cc pb.h grpc.pb.cc grpc.pb.h)
  list(APPEND _generated "${_out}/etcd/v3/etcd.${ext}")
endforeach()
add_custom_command(
  OUTPUT ${_generated}
  COMMAND protobuf::protoc "-I${CMAKE_SOURCE_DIR}/proto" "--cpp_out=${_out}" "--grpc_out=${_out}"
          "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>" "${_etcd}"
  DEPENDS "${_etcd}"
  COMMENT "Generating etcd's v3")
add_library(qd_etcd_proto STATIC ${_generated})
target_include_directories(qd_etcd_proto SYSTEM PUBLIC "${_out}")
target_compile_options(qd_etcd_proto PRIVATE -w)
target_link_libraries(qd_etcd_proto PUBLIC gRPC::grpc++ protobuf::libprotobuf)
