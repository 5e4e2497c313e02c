#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds quarterdeck_VERSION_ARCH.deb (console, agent, stage, qdctl) from a finished build tree and prints its path. The
# same tree gives the same bytes: times come from the last commit.
# usage: make_deb.sh BUILD_TREE OUT_FOLDER; QD_DEB_COMPRESSION=none is quicker
set -euo pipefail
die() { printf 'make_deb: %s\n' "$*" >&2; exit 1; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$here/..
tree=$(cd "$1" 2>/dev/null && pwd) || die "there is no build tree in $1; build it first: ./dev build"
mkdir -p "$2"
out=$(cd "$2" && pwd)
version=$(cat "$source/VERSION")
arch=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=$(git -C "$source" log -1 --format=%ct 2>/dev/null || stat -c %Y "$source/VERSION")
export SOURCE_DATE_EPOCH
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
umask 022

stage=$root/quarterdeck
DESTDIR=$stage cmake --install "$tree" --prefix /usr --strip >"$root/install.log" 2>&1 ||
  { cat "$root/install.log" >&2; die "the build tree $tree is not complete; build it first: ./dev build"; }
docs=$stage/usr/share/doc/quarterdeck
install -d "$stage/DEBIAN" "$docs" "$root/debian"
install -m 644 "$here/debian/copyright" "$docs/copyright"
sed -e "s/@VERSION@/$version/; s/@DATE@/$(date -u -R -d "@$SOURCE_DATE_EPOCH")/" "$here/debian/changelog.in" |
  gzip -9nc >"$docs/changelog.gz"
if [ -f "$source/README.md" ]; then install -m 644 "$source/README.md" "$docs/README.md"; fi

# The libraries that the programs really link, by package and version.
printf 'Source: quarterdeck\n\nPackage: quarterdeck\nArchitecture: any\n' >"$root/debian/control"
mapfile -t programs < <(find "$stage/usr/bin" -type f)
depends=$(cd "$root" && dpkg-shlibdeps -O "${programs[@]}" 2>"$root/shlibs.log" | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { cat "$root/shlibs.log" >&2; die "dpkg-shlibdeps could not tell which packages the programs need"; }

size=$(du -sk --apparent-size "$stage/usr" | cut -f1)
sed -e "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/; s/@DEPENDS@/$depends/" "$here/debian/control.in" \
  >"$stage/DEBIAN/control"
(cd "$stage" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
file=$out/quarterdeck_${version}_$arch.deb
dpkg-deb --root-owner-group "-Z${QD_DEB_COMPRESSION:-xz}" --build "$stage" "$file" >/dev/null
echo "$file"
