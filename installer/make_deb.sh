#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds quarterdeck_VERSION_ARCH.deb (console, agent, stage, qdctl) from a finished build tree.
# usage: make_deb.sh BUILD_TREE OUT_FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
version=$(cat "$here/../VERSION")
arch=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

DESTDIR=$root/quarterdeck cmake --install "$tree" --prefix /usr --strip >/dev/null
stage=$root/quarterdeck
docs=$stage/usr/share/doc/quarterdeck
install -d "$stage/DEBIAN" "$docs"
install -m 644 "$here/../LICENSE" "$docs/copyright"
gzip -9nc "$here/../README.md" >"$docs/README.md.gz"

# The libraries that the programs really link, by package and version.
install -d "$root/debian"
printf 'Source: quarterdeck\n\nPackage: quarterdeck\nArchitecture: any\n' >"$root/debian/control"
mapfile -t programs < <(find "$stage/usr/bin" -type f)
depends=$(cd "$root" && dpkg-shlibdeps -O --ignore-missing-info "${programs[@]}" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "make_deb: dpkg-shlibdeps found no libraries; is the build tree complete?" >&2; exit 1; }

size=$(du -sk "$stage/usr" | cut -f1)
sed -e "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/; s/@DEPENDS@/$depends/" "$here/debian/control.in" \
  >"$stage/DEBIAN/control"
file=$out/quarterdeck_${version}_$arch.deb
dpkg-deb --root-owner-group --build "$stage" "$file" >/dev/null
echo "$file"
