#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The .deb: made from a build tree, looked into, unpacked into a temporary folder, and its programs run from there.
# Needs no root and installs nothing. usage: package_test.sh BUILD_TREE
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tree=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

failed=0
wrong() { printf 'FAILED: %s\n' "$*" >&2; failed=1; }
expect() { # WHAT PATTERN TEXT
  grep -qE -- "$2" <<<"$3" || wrong "$1: expected /$2/ in: ${3:0:600}"
}

export QD_DEB_COMPRESSION=none # quicker
deb=$("$source/installer/make_deb.sh" "$tree" "$work")
again=$("$source/installer/make_deb.sh" "$tree" "$work/again")
cmp -s "$deb" "$again" || wrong "two packages of one build tree differ"
version=$(cat "$source/VERSION")

# 1. what it says of itself
control=$(dpkg-deb -I "$deb")
expect "version" "^ Version: $version$" "$control"
for library in libgrpc++1.51 libqt6widgets6 libqcustomplot2.1-qt6 libsqlite3-0 libssl3; do
  expect "dependencies" "^ Depends: .*${library//+/\\+}" "$control"
done
if grep -qE '^ Depends: .*-dev\b' <<<"$control"; then wrong "it depends on a -dev package"; fi
for script in preinst postinst prerm postrm; do
  if dpkg-deb --ctrl-tarfile "$deb" | tar -t | grep -qx "./$script"; then wrong "it has a $script: purging might leave something"; fi
done

# 2. what is in it: the programs and their papers, everything root's, nothing outside /usr, nothing of the tests
content=$(dpkg-deb -c "$deb")
programs=(quarterdeck quarterdeckd qdctl quarterdeck-stage quarterdeck-stage-server quarterdeck-stage-bots quarterdeck-stage-editor
  quarterdeck-stage-grid quarterdeck-guardian)
for program in "${programs[@]}"; do expect "content" "^-rwxr-xr-x root/root .* \./usr/bin/$program$" "$content"; done
found=$(grep -c ' \./usr/bin/.' <<<"$content")
[ "$found" -eq "${#programs[@]}" ] || wrong "there are $found programs in usr/bin, not ${#programs[@]}"
for file in share/applications/quarterdeck.desktop share/icons/hicolor/scalable/apps/quarterdeck.svg \
  share/doc/quarterdeck/copyright share/doc/quarterdeck/changelog.gz; do
  expect "content" "^-rw-r--r-- root/root .* \./usr/$file$" "$content"
done
outside=$(awk '{print $6}' <<<"$content" | grep -vE '^\./(usr/.*)?$' || true)
[ -z "$outside" ] || wrong "it puts files outside /usr: $outside"

# 3. what it does, away from the build tree
dpkg-deb -x "$deb" "$work/root"
bin=$work/root/usr/bin
for program in "${programs[@]}"; do
  expect "$program --help" "^(Usage|Options)|--help" "$("$bin/$program" --help </dev/null)"
  expect "$program --version" "${version//./\\.}" "$("$bin/$program" --version </dev/null)"
  if grep -qE "RUNPATH|RPATH" <<<"$(readelf -d "$bin/$program")"; then wrong "$program has a run path into the build tree"; fi
done
ready=$(cd "$work" && timeout 30 "$bin/quarterdeck-stage" --servers 1 --bots 4 --for 3s </dev/null) ||
  wrong "quarterdeck-stage --for 3s ended with code $?"
expect "the stage" '"ready":true' "$ready"

[ "$failed" -eq 0 ] && echo "package: $(basename "$deb"), $(stat -c %s "$deb") bytes, in order"
exit "$failed"
