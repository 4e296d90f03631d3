# shellcheck shell=bash
# A Python that Odoo 19 runs on, and a virtual environment with what it needs.

# python_find: sets SALES_PYTHON_BASE, the interpreter to build on.
python_find() {
    local candidate found=''
    for candidate in "${SALES_PYTHON:-}" python3 python3.12 python3.13 python3.11 python3.10; do
        [ -n "$candidate" ] || continue
        if found=$(python_suits "$candidate"); then
            SALES_PYTHON_BASE=$found
            export SALES_PYTHON_BASE
            return
        fi
        [ "$candidate" != "${SALES_PYTHON:-}" ] ||
            die "SALES_PYTHON=%s is not a Python 3.10 to 3.13: leave it out or name another." "$candidate"
    done
    die "No Python 3.10 to 3.13 found: install one (Debian: apt-get install python3 python3-venv) or set SALES_PYTHON."
}

python_suits() {
    "$1" -c '
import sys
if not (3, 10) <= sys.version_info[:2] <= (3, 13):
    sys.exit(1)
print(sys.executable)' 2>/dev/null
}

# python_environment [dev]: sets SALES_PYTHON to the environment's interpreter; builds it
# where it is missing. Its key names everything that it depends on.
python_environment() {
    local requirements=$SALES_ROOT/config/requirements.txt dev=$SALES_ROOT/config/requirements-dev.txt
    local key dev_key venv extra=''
    key=$({
        "$SALES_PYTHON_BASE" -VV
        printf '%s\n' "$SALES_PYTHON_BASE" "$ODOO_PATH"
        cat "$requirements"
    } | hash_of)
    dev_key=$(hash_of <"$dev")
    venv=$SALES_CACHE/venv/$key
    [ "${1:-}" != dev ] || extra=$dev
    if [ ! -e "$venv/.ready" ] || { [ -n "$extra" ] && [ ! -e "$venv/.ready-$dev_key" ]; }; then
        lock 7 cache
        [ -e "$venv/.ready" ] || python_build "$venv" "$requirements"
        if [ -n "$extra" ] && [ ! -e "$venv/.ready-$dev_key" ]; then
            python_install "$venv" "$extra"
            touch "$venv/.ready-$dev_key"
        fi
        unlock 7
    fi
    SALES_PYTHON=$venv/bin/python
    export SALES_PYTHON
}

python_build() {
    "$SALES_PYTHON_BASE" -c 'import venv, ensurepip' 2>/dev/null ||
        die "%s cannot make virtual environments: install them (Debian: apt-get install python3-venv) or set SALES_PYTHON." \
            "$SALES_PYTHON_BASE"
    require_space 1000
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    "$SALES_PYTHON_BASE" -m venv "$1" >"$SALES_LOG/venv.log" 2>&1 ||
        die "Python's virtual environment could not be made: %s" "$(last_error "$SALES_LOG/venv.log")"
    "$1/bin/python" - "$ODOO_PATH" <<'PY'
import pathlib, sys, sysconfig
path = pathlib.Path(sysconfig.get_path("purelib"), "odoo.pth")
path.write_text(sys.argv[1] + "\n")
PY
    python_install "$1" "$2"
    touch "$1/.ready"
}

# python_install VENV REQUIREMENTS
python_install() {
    local step_log=$SALES_LOG/pip.log
    step_begin "Python packages of %s" "${2#"$SALES_ROOT"/}"
    : >"$step_log"
    with_progress '^ *(Downloading|Building wheel|Successfully installed|ERROR)' \
        "$1/bin/python" -m pip install --no-input --disable-pip-version-check -r "$2" ||
        die "The Python packages could not be installed (%s): check the network, then run again; the log is %s." \
            "$(last_error "$step_log")" "$step_log"
    step_end
}
