# shellcheck shell=bash
# Installs the editors that the tests drive, each into a folder of its own: sourced by tests/run, whose `debian`,
# `lacks`, `say`, `notes`, `cache` and `fast` it uses. The system's own editors are neither used nor touched.
: "${cache:?} ${fast?}"

# starter NAME PROGRAM [VARIABLE=VALUE]... [-- ARGUMENT...]: writes $cache/tools/NAME/start, which starts a program of
# that folder with the variables that let it find its own files there.
starter() {
  local file=$cache/tools/$1/start program=$2
  shift 2
  {
    printf '#!/bin/sh\n'
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
      printf "export %s='%s'\n" "${1%%=*}" "${1#*=}"
      shift
    done
    printf "exec '%s'" "$program"
    [ $# -eq 0 ] || printf " '%s'" "${@:2}"
    printf ' "$@"\n'
  } >"$file.new"
  chmod +x "$file.new"
  mv "$file.new" "$file"
}

helix() {
  local root=$cache/tools/helix/usr
  if debian helix hx && starter helix "$root/bin/hx" "HELIX_RUNTIME=$root/lib/hx/runtime" &&
    "$cache/tools/helix/start" --version; then
    export ASIDE_TEST_HELIX=$cache/tools/helix/start
  else
    lacks Helix "$(tail -n 1 "$cache/logs/helix")"
  fi
}

# Emacs looks for its files where it was configured to be, unless each kind is named.
emacs() {
  local root=$cache/tools/emacs/usr share dump lisp
  if debian emacs emacs-nox && dump=$(find "$root/libexec" -name '*.pdmp' | head -n 1) &&
    share=$(find "$root/share/emacs" -mindepth 2 -maxdepth 2 -path '*/[0-9]*/etc') && share=${share%/etc} &&
    lisp=$(find "$share/lisp" -type d | paste -s -d :) &&
    starter emacs "$root/bin/emacs-nox" "EMACSDATA=$share/etc" "EMACSDOC=$share/etc" "EMACSLOADPATH=$lisp" \
      "EMACSPATH=${dump%/*}" -- "--dump-file=$dump" &&
    "$cache/tools/emacs/start" -Q --batch --eval '(princ (format "Emacs %s\n" emacs-version))'; then
    export ASIDE_TEST_EMACS=$cache/tools/emacs/start
  else
    lacks Emacs "$(tail -n 1 "$cache/logs/emacs")"
  fi
}

vim_with_ale() {
  local root=$cache/tools/vim/usr runtime
  if debian vim vim-nox vim-ale && runtime=$(find "$root/share/vim" -maxdepth 1 -name 'vim[0-9]*') &&
    starter vim "$root/bin/vim.nox" "VIMRUNTIME=$runtime" &&
    "$cache/tools/vim/start" --version | head -n 1; then
    export ASIDE_TEST_VIM=$cache/tools/vim/start ASIDE_TEST_VIM_ALE=$root/share/vim-ale
  else
    lacks 'Vim with ALE' "$(tail -n 1 "$cache/logs/vim")"
  fi
}

kakoune() {
  if ! [ -x "$cache/cargo/bin/kak-lsp" ]; then
    if [ -n "$fast" ]; then
      notes+=('Kakoune is left out by --fast: its language client is not built yet')
      export ASIDE_TEST_KAK=left-out
      return 0
    fi
    say 'building kak-lsp (once)'
    if ! nice env -u CARGO_TARGET_DIR cargo install --quiet --locked --root "$cache/cargo" kak-lsp; then
      lacks kak-lsp 'it could not be built, see above'
      return 0
    fi
  fi
  if debian kakoune kakoune && starter kakoune "$cache/tools/kakoune/usr/bin/kak" &&
    "$cache/tools/kakoune/start" -version; then
    export ASIDE_TEST_KAK=$cache/tools/kakoune/start ASIDE_TEST_KAK_LSP=$cache/cargo/bin/kak-lsp
  else
    lacks Kakoune "$(tail -n 1 "$cache/logs/kakoune")"
  fi
}

editors() {
  helix
  emacs
  vim_with_ale
  kakoune
}
