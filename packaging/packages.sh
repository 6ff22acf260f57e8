# SPDX-License-Identifier: MIT
# Sourced: install_packages KIND… puts in what packages.txt lists for these kinds and is not there yet.

missing_packages() {
    for kind in "$@"; do
        sed -n "s/^$kind //p" "$here/packages.txt"
    done | while read -r package; do
        # npm also comes with other packagings of Node.js, which Debian's package would not go together with.
        if [ "$package" = npm ] && command -v npm >/dev/null 2>&1; then continue; fi
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
    done
}

install_packages() {
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
        echo "This system has no apt-get. bauta is built on Debian 12; elsewhere install what stands in" >&2
        echo "$here/packages.txt under its names there, then run cmake as in the README." >&2
        return 1
    fi
    wanted=$(missing_packages "$@")
    [ -n "$wanted" ] || return 0
    as_root=
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "These packages are missing, and there is neither root nor sudo to install them: $wanted" >&2
            return 1
        fi
        as_root="sudo env"
    fi
    echo "      installing: $wanted"
    $as_root apt-get update -qq || return 1
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $as_root apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install -y -qq \
        --no-install-recommends $wanted </dev/null || return 1
}
