// SPDX-License-Identifier: Apache-2.0
#include "core/params/configuration.h"

namespace qd::params {

std::vector<ConfigurationRow> configurationAt(const ParamBook& book, const ingest::Directory& directory, TimeNs asOf) {
  std::vector<ConfigurationRow> rows;
  for (const ingest::ProcessInfoPtr& process : directory.processes(asOf)) {
    if (process->state == ingest::ProcessState::Gone) continue;
    for (const ingest::ParameterSpec& spec : process->parameters) {
      ConfigurationRow row{process->id, spec, {}, false};
      if (const auto value = book.value(process->id, spec.name, asOf)) {
        row.value = *value;
      } else {
        row.value.name = spec.name;
        row.value.value = spec.defaultValue;
      }
      row.changed = row.value.value != spec.defaultValue;
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace qd::params
