#!/usr/bin/env bash
# with-setup.sh demo|test COMMAND [ARGUMENT…]
#
# Makes a fresh Debian 12 with Node and npm ready, then becomes the command: Debian packages that are
# missing, npm packages when the lockfile or Node changed, an incremental build. Everything that it says
# goes to standard error; standard output is the command's.
set -euo pipefail

debian=(ca-certificates pcscd vsmartcard-vpcd softhsm2 libpcsclite1 g++ make python3 pkg-config
  iproute2 mount util-linux)
debian_test=(xxd curl libpcsclite-dev opensc openpace openssl chromium fonts-noto-cjk gcc libc6-dev
  swtpm libtpm2-pkcs11-1 libtpm2-pkcs11-tools tpm2-abrmd libtss2-tcti-tabrmd0 dbus opencryptoki systemd zbar-tools
  postgresql)

say() { echo "setup: $*" >&2; }
# What failed and why, then the next action.
fail() { # code, message, hint
  echo "setup: $2 [$1]" >&2
  echo "  $3" >&2
  exit 1
}

mode=${1:-}
case $mode in
demo) ;;
test) debian+=("${debian_test[@]}") ;;
*)
  echo "setup: usage: with-setup.sh demo|test COMMAND [ARGUMENT…] [ERR_USAGE]" >&2
  exit 2
  ;;
esac
shift
[ $# -gt 0 ] || { echo "setup: no command given [ERR_USAGE]" >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/.."

check_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail ERR_SETUP_NODE "node or npm is not on the PATH" "install Node 20.19 or later with npm"
  node_version=$(node --version)
  local major minor
  IFS=. read -r major minor _ <<<"${node_version#v}"
  ((major > 20 || (major == 20 && minor >= 19))) ||
    fail ERR_SETUP_NODE "Node $node_version is too old" "install Node 20.19 or later"
}

# Prints those of its arguments that dpkg does not hold installed.
missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null || true)
  for package; do grep -qxF "ii $package" <<<"$installed" || echo "$package"; done
}

install_debian_packages() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail ERR_SETUP_SYSTEM "this is not Debian: no apt-get here" \
      "install what these packages hold: ${debian[*]}; then npm ci, npm run build and: $*"
  local missing as_root=()
  missing=$(missing_packages "${debian[@]}" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      fail ERR_SETUP_ROOT "Debian packages are missing, and neither root nor sudo is here" \
        "as root: apt-get install --no-install-recommends $missing"
    as_root=(sudo)
  fi
  say "installing Debian packages: $missing"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  mkdir -p .run
  # shellcheck disable=SC2086 # the names are words
  if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends $missing; } \
    >.run/apt.log 2>&1 </dev/null; then
    tail -n 5 .run/apt.log >&2
    fail ERR_SETUP_APT "apt-get failed, see .run/apt.log" \
      "by hand, as root: apt-get update && apt-get install --no-install-recommends $missing"
  fi
}

install_npm_packages() {
  local stamp=node_modules/.pinless-gate-setup wanted
  wanted="$node_version $(uname -m) $(sha256sum <package-lock.json)"
  [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  # Native parts build against the headers beside node where there are any, without a download.
  local prefix
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [ -e "$prefix/include/node/node.h" ]; then export npm_config_nodedir=$prefix; fi
  say "installing npm packages"
  npm ci --no-audit --no-fund --loglevel=error >&2 ||
    fail ERR_SETUP_NPM "npm ci failed" "the lines above say why"
  echo "$wanted" >"$stamp"
}

# JavaScript is written even where types do not hold. The tests run all the same and count that as a failure.
build() {
  node_modules/.bin/tsc -b >&2 || [ "$mode" = test ] ||
    fail ERR_SETUP_BUILD "the build failed" "the lines above say why"
}

check_node
mkdir -p .run
exec {lock}>.run/setup.lock
flock --nonblock "$lock" || { say "waiting for another set-up of this directory"; flock "$lock"; }
install_debian_packages "$@"
install_npm_packages
build
exec {lock}>&-
exec "$@"
