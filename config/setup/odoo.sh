# shellcheck shell=bash
# An Odoo 19.0 to run: ODOO_HOME, one that Python can import, the cache, or Debian's package.

ODOO_SERIES=19.0

# odoo_find: sets ODOO_PATH (the folder that holds the package `odoo`), ODOO_ADDONS (the
# addons path of Odoo itself) and ODOO_VERSION; fetches Odoo where there is none.
odoo_find() {
    if [ -n "${ODOO_HOME:-}" ]; then
        odoo_home "$ODOO_HOME" ||
            die "ODOO_HOME=%s holds no Odoo: name a source checkout of Odoo %s or the folder that holds its package odoo." \
                "$ODOO_HOME" "$ODOO_SERIES"
        [ "$ODOO_FOUND_SERIES" = "$ODOO_SERIES" ] ||
            die "ODOO_HOME=%s is Odoo %s, but these addons are for %s: name another, or leave ODOO_HOME out." \
                "$ODOO_HOME" "$ODOO_FOUND_SERIES" "$ODOO_SERIES"
    elif odoo_importable || odoo_cached; then
        :
    else
        lock 7 cache
        odoo_cached || odoo_fetch
        unlock 7
        odoo_cached || die "Odoo %s was fetched, but is not usable: remove %s and run again." \
            "$ODOO_SERIES" "$SALES_CACHE/odoo"
    fi
    odoo_addons
    export ODOO_PATH ODOO_ADDONS ODOO_VERSION
}

# odoo_home FOLDER: looks for Odoo in the shapes that people have it in.
odoo_home() {
    local folder
    for folder in "$1" "$1/usr/lib/python3/dist-packages" "$(dirname "$1")"; do
        [ -f "$folder/odoo/release.py" ] || continue
        ODOO_PATH=$(cd "$folder" && pwd -P)
        odoo_release
        return
    done
    return 1
}

# odoo_release: sets ODOO_FOUND_SERIES and ODOO_VERSION from the source in ODOO_PATH.
odoo_release() {
    local read_release
    read_release=$("$SALES_PYTHON_BASE" - "$ODOO_PATH/odoo/release.py" <<'PY'
import runpy, sys
release = runpy.run_path(sys.argv[1])
print(release["series"], release["version"])
PY
    ) || return 1
    ODOO_FOUND_SERIES=${read_release% *}
    ODOO_VERSION=${read_release#* }
}

# odoo_importable: an Odoo of our series that is installed for the interpreter.
odoo_importable() {
    local folder
    folder=$(cd / && "$SALES_PYTHON_BASE" - <<'PY' 2>/dev/null
import importlib.util, pathlib
spec = importlib.util.find_spec("odoo.release")
print(pathlib.Path(spec.origin).parent.parent)
PY
    ) && [ -n "$folder" ] && odoo_home "$folder" && [ "$ODOO_FOUND_SERIES" = "$ODOO_SERIES" ]
}

odoo_cached() {
    local folder
    for folder in "$SALES_CACHE"/odoo/*/usr/lib/python3/dist-packages; do
        case $folder in *.new.*) continue ;; esac
        if [ -d "$folder/odoo" ] && odoo_home "$folder" && [ "$ODOO_FOUND_SERIES" = "$ODOO_SERIES" ]; then
            return
        fi
    done
    return 1
}

# odoo_addons: Debian keeps all addons inside the package, and an incomplete duplicate beside
# it; a source checkout keeps most of them beside it.
odoo_addons() {
    ODOO_ADDONS=$ODOO_PATH/odoo/addons
    [ -d "$ODOO_ADDONS/web" ] || ODOO_ADDONS=$ODOO_ADDONS,$ODOO_PATH/addons
}

# odoo_fetch: Odoo as Debian ships it, with the packages that its files link to.
# fonts-font-awesome and fonts-inconsolata come from bookworm: sid moved their files.
odoo_fetch() {
    local step_log=$SALES_LOG/odoo.log version target new packages
    debian_available ||
        die "No way to Odoo %s on this system: set ODOO_HOME to one, set DEBIAN_MIRROR where apt-get and debian-archive-keyring are installed, or use: docker compose up" \
            "$ODOO_SERIES"
    require_space 3000
    step_begin "Odoo %s from Debian" "$ODOO_SERIES"
    : >"$step_log"
    debian_update ||
        die "The Debian mirror does not answer (%s): check the network, or set DEBIAN_MIRROR or ODOO_HOME." \
            "$(last_error "$step_log")"
    version=$(debian_apt download --print-uris odoo-19/sid 2>>"$step_log" |
        sed -nE 's/.* odoo-19_([^ ]+)_all\.deb .*/\1/p')
    [ -n "$version" ] ||
        die "This Debian mirror has no package odoo-19: set DEBIAN_MIRROR to another, or ODOO_HOME."
    target=$SALES_CACHE/odoo/$(printf '%s' "$version" | tr -c 'A-Za-z0-9.+\n' '_')
    mkdir -p "$SALES_CACHE/odoo"
    new=$target.new.$$
    rm -rf "$SALES_CACHE"/odoo/*.new.*
    packages="odoo-19/sid libjs-jquery/sid libjs-jquery-form/sid libjs-underscore/sid
        fonts-montserrat/sid fonts-roboto-unhinted/sid fonts-ocr-b/sid
        fonts-font-awesome/bookworm fonts-inconsolata/bookworm"
    # shellcheck disable=SC2086  # a list of words
    debian_unpack "$new" $packages ||
        die "Odoo could not be fetched (%s): check the network and the disk, then run again; the log is %s." \
            "$(last_error "$step_log")" "$step_log"
    odoo_mend "$new"
    mv -T "$new" "$target"
    debian_clean "$target"
    step_end
}

# odoo_mend FOLDER: Debian removed a file that each page asks for (background blur in calls).
odoo_mend() {
    local package=$1/usr/lib/python3/dist-packages/odoo lost stub
    stub=$package/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js
    mkdir -p "$(dirname "$stub")"
    [ -e "$stub" ] || printf '/* not shipped by Debian */\n' >"$stub"
    lost=$(find "$package" -xtype l | head -n 3)
    [ -z "$lost" ] || say "    note: files that Odoo links to are missing: %s" "$(printf '%s ' "$lost")"
}
