#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian packages: packaging/deb.sh [FOLDER]   (default: build/deb)
# Copies the tree, puts packaging/debian where dpkg-buildpackage wants it, builds there, and leaves the packages in FOLDER.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
mkdir -p "${1:-$top/build/deb}"
out=$(cd "${1:-$top/build/deb}" && pwd)
. "$here/packages.sh"
install_packages build deb
tree=$out/bauta-$(dpkg-parsechangelog -l "$here/debian/changelog" -S Version)
rm -rf "$tree" "$out"/*.deb "$out"/bauta_*
mkdir "$tree"
# What git knows, or, outside of it, all but what was built.
cd "$top"
if git ls-files --error-unmatch CMakeLists.txt >/dev/null 2>&1; then
    git ls-files -z -- . ':!.ci' ':!.gitignore' ':!.clang-format' | tar -c --null -T - | tar -x -C "$tree"
else
    tar -c --exclude ./build --exclude './build-*' --exclude ./.git --exclude ./debian . | tar -x -C "$tree"
fi
cp -r "$tree/packaging/debian" "$tree/debian"
cd "$tree"
# -d: packages.sh has looked already, and takes an npm that is not Debian's too.
dpkg-buildpackage -us -uc -d
cd "$out"
rm -rf "$tree"
ls -l ./*.deb
