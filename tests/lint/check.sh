#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev lint: formatting, the project's own rules, clang-tidy. Prints every finding, exits 1 if there is one.
# usage: check.sh BUILD_TREE; QD_LINT_BASE=REV limits clang-tidy to files changed since REV.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tree=$1
failed=0

finding() { printf '%s\n' "$1"; failed=1; }

mapfile -t sources < <(git ls-files '*.c' '*.cpp' '*.h' '*.hpp')

# 1. formatting
out=$(clang-format-14 --dry-run --Werror "${sources[@]}" 2>&1 | grep -E 'error:' | cut -d: -f1 | sort -u || true)
[ -z "$out" ] || finding "clang-format: these files are not formatted (clang-format-14 -i):
$out"

# 2. our own rules
for file in "${sources[@]}"; do
  licence='SPDX-License-Identifier: Apache-2.0'
  case $file in widgets/* | app/console/* | tests/widgets/* | tests/app/console/* | tests/app/debug/* | tests/e2e/*) licence='SPDX-License-Identifier: GPL-3.0-or-later' ;; esac
  head -n 3 "$file" | grep -qF "$licence" || finding "$file: the first line should say '$licence'"
done
promises=$(git grep -nE '\b(TO''DO|FIX''ME|X''XX)\b' -- '*.c' '*.cpp' '*.h' '*.proto' '*.cmake' dev .ci || true)
[ -z "$promises" ] || finding "promises left in the code:
$promises"
waits=$(git grep -nE 'QThread::m?sleep|qSleep\(|QTest::qWait\(|sleep_for\(' -- tests ':!tests/bench' ':!tests/lint' ':!tests/support/within.h' || true)
[ -z "$waits" ] || finding "a test waits for time instead of for a condition:
$waits"

# 3. clang-tidy, two files at a time
if [ -n "${QD_LINT_BASE:-}" ]; then
  mapfile -t tidy < <(git diff --name-only --diff-filter=d "$QD_LINT_BASE" -- '*.cpp' ':!tests')
else
  mapfile -t tidy < <(git ls-files '*.cpp' ':!tests')
fi
if [ ${#tidy[@]} -gt 0 ]; then
  log=$tree/clang-tidy.log
  printf '%s\n' "${tidy[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy-19 -p "$tree" --quiet >"$log" 2>/dev/null || true
  found=$(grep -E '(warning|error):' "$log" | sort -u || true)
  [ -z "$found" ] || finding "clang-tidy:
$found"
fi

[ "$failed" -eq 0 ] && echo "lint: clean (${#sources[@]} files, ${#tidy[@]} through clang-tidy)"
exit "$failed"
