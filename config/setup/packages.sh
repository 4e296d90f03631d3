# shellcheck shell=bash
# What Odoo and the tests need beside Python: a CJK font, a PDF tool, a browser, Node.
#
# This file is also the Docker image's set-up: `bash packages.sh system PACKAGE…`.

FONT_PACKAGE=fonts-noto-cjk

# system_install PACKAGE…: Debian packages, where this user may install them.
system_install() {
    local step_log=${SALES_LOG:-/tmp}/apt.log
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
    apt-get update -q >"$step_log" 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" \
        >>"$step_log" 2>&1
}

# packages_need COMMAND PACKAGE…: COMMAND is there afterwards, or the reason is said.
packages_need() {
    local command=$1
    shift
    ! command -v "$command" >/dev/null || return 0
    step_begin "Debian package %s" "$*"
    if system_install "$@"; then
        step_end
    else
        say "    not installed: apt-get install %s (as root) would do it" "$*"
        return 1
    fi
}

fonts_there() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]; }

# fonts_prepare: Odoo ships no CJK font: without one, Chinese PDFs and pictures are boxes.
fonts_prepare() {
    local folder=$SALES_CACHE/fonts
    ! fonts_there || return 0
    if [ ! -d "$folder" ]; then
        lock 7 cache
        [ -d "$folder" ] || fonts_fetch "$folder"
        unlock 7
    fi
    [ -d "$folder" ] || return 0
    fonts_there || fonts_configure "$folder"
}

fonts_fetch() {
    local step_log=$SALES_LOG/fonts.log new=$1.new.$$
    step_begin "A font for Chinese (%s)" "$FONT_PACKAGE"
    : >"$step_log"
    if [ "$(id -u)" -eq 0 ] && system_install "$FONT_PACKAGE" fontconfig && fonts_there; then
        step_end
    elif debian_available && require_space 500 && rm -rf "$1".new.* && debian_update &&
        debian_unpack "$new" "$FONT_PACKAGE/bookworm" && mv "$new" "$1"; then
        debian_clean "$1"
        step_end
    else
        say "    not there: Chinese PDFs will show boxes until a CJK font is installed"
    fi
}

# fonts_configure FOLDER: shows the unpacked font to whatever we start.
fonts_configure() {
    local file=$SALES_HOME/fonts.conf
    write_file "$file" <<XML
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>$1/usr/share/fonts</dir>
  <cachedir>$SALES_CACHE/fontconfig</cachedir>
</fontconfig>
XML
    export FONTCONFIG_FILE=$file
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    [ "${1:-}" = system ] || exit 2
    shift
    system_install "$@"
fi
