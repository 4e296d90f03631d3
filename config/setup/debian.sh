# shellcheck shell=bash
# Debian packages fetched and unpacked without installing them: a private apt configuration
# leaves the machine's own apt alone, needs no root and checks Debian's signatures.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# debian_mirror: the address of the Debian mirror, DEBIAN_MIRROR or the one that apt uses.
debian_mirror() {
    if [ -n "${DEBIAN_MIRROR:-}" ]; then
        printf '%s\n' "${DEBIAN_MIRROR%/}/"
        return
    fi
    command -v apt-get >/dev/null || return 1
    # The suite names Debian: on other systems apt knows mirrors, but not Debian's.
    apt-get indextargets --format "\$(REPO_URI) \$(RELEASE)" 2>/dev/null | awk '
        $1 ~ /^cdrom:/ || $1 ~ /security/ { next }
        $2 ~ /^(bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)$/ {
            print $1; found = 1; exit
        }
        END { exit !found }'
}

# debian_available: whether packages can be had this way here.
debian_available() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null &&
        [ -r "$DEBIAN_KEYRING" ] && debian_mirror >/dev/null
}

debian_apt() { apt-get -q -c "$SALES_CACHE/apt/apt.conf" "$@"; }

# debian_update: the lists of the private apt.
debian_update() {
    local apt=$SALES_CACHE/apt mirror suite
    mirror=$(debian_mirror)
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/debs"
    for suite in sid bookworm; do
        printf 'deb [signed-by=%s] %s %s main\n' "$DEBIAN_KEYRING" "$mirror" "$suite"
    done >"$apt/sources.list"
    cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$apt";
Dir::State::Lists "$apt/lists";
Dir::State::status "/dev/null";
Dir::Cache "$apt";
Dir::Cache::archives "$apt/archives";
APT::Sandbox::User "$(id -un)";
APT::Get::AllowUnauthenticated "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "2";
// What the machine's apt does after an update concerns the machine's apt.
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
    with_progress '^(Get|Err|E:|Fetched)' debian_apt -o APT::Update::Error-Mode=any update ||
        return 1
}

# debian_unpack FOLDER PACKAGE/SUITE…: downloads the packages and unpacks them into FOLDER.
# The packages stay until debian_clean, so that a killed run need not fetch them again.
debian_unpack() {
    local target=$1 debs deb
    shift
    debs=$(debian_debs "$target")
    mkdir -p "$debs" "$target"
    (cd "$debs" && with_progress '^(Get|Err|E:|Fetched)' debian_apt download "$@") || return 1
    for deb in "$debs"/*.deb; do
        dpkg-deb -x "$deb" "$target" 2>>"$step_log" || return 1
    done
}

debian_debs() {
    local name
    name=$(basename "$1")
    printf '%s\n' "$SALES_CACHE/apt/debs/${name%.new.*}"
}

# debian_clean FOLDER: FOLDER is in place; its packages need not be kept.
debian_clean() { rm -rf "$(debian_debs "$1")"; }
