# shellcheck shell=bash
# Gets a real VS Code for the tests: Node, code-server, Chromium and what drives it. Sourced by `tests/run` and by
# `editors/vscode/test/run`. It owns only the folder it is told; the system gets Debian packages, and those only as root.

vscode_node=24
vscode_server=4.139.1
vscode_programs=(chromium:chromium c++:build-essential python3:python3 krb5-config:libkrb5-dev)

# vscode_debian LOG: the Debian packages that VS Code is built with and shown in.
vscode_debian() {
  local log=$1 pair packages=()
  for pair in "${vscode_programs[@]}"; do
    command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
  done
  [ ${#packages[@]} -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get -qq update &&
      DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1
  else
    printf 'install these Debian packages: %s\n' "${packages[*]}" >&2
    return 1
  fi
}

# vscode_npm FOLDER PACKAGE...: npm packages in a folder of their own; a folder that is complete is left as it is.
vscode_npm() {
  local folder=$1
  shift
  [ "$(cat "$folder/.complete" 2>/dev/null)" != "$*" ] || return 0
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-audit --no-fund --loglevel error "$@" && printf '%s' "$*" >"$folder/.complete"
}

# vscode_tools FOLDER: everything, found again when it is there. Exports ASIDE_TEST_CODE_SERVER, ASIDE_TEST_CHROMIUM and
# ASIDE_TEST_UI_MODULES, and puts the Node that code-server wants first in PATH.
vscode_tools() {
  local tools=$1
  mkdir -p "$tools"
  command -v npm >/dev/null || { printf 'npm is missing: install Node 20 or newer\n' >&2; return 1; }
  vscode_debian "$tools/apt.log" || return 1
  vscode_npm "$tools/node" "node-linux-$(uname -m | sed 's/x86_64/x64/;s/aarch64/arm64/')@$vscode_node" || return 1
  local node
  node=$(dirname "$(dirname "$(find "$tools/node/node_modules" -path '*/bin/node' -type f | head -n 1)")")
  # node-gyp finds the headers there instead of fetching them.
  export npm_config_nodedir=$node FORCE_NODE_VERSION=$vscode_node PATH=$node/bin:$PATH
  vscode_npm "$tools/code-server" "code-server@$vscode_server" || return 1
  vscode_npm "$tools/ui" playwright-core axe-core || return 1
  export ASIDE_TEST_CODE_SERVER=$tools/code-server/node_modules/code-server/out/node/entry.js
  export ASIDE_TEST_UI_MODULES=$tools/ui/node_modules
  ASIDE_TEST_CHROMIUM=$(command -v chromium)
  export ASIDE_TEST_CHROMIUM
}
