# shellcheck shell=bash
# `test` and `bench`.

# tests_prepare: what the tests need beside Odoo; what cannot be had is said, and the tests
# that need it are skipped, which is a failure under CI=true.
tests_prepare() {
    prepare_home
    packages_need chromium chromium || true
    packages_need wkhtmltopdf wkhtmltopdf || true
    packages_need node nodejs npm || true
    prepare test dev
    fonts_prepare
    prettier_prepare || true
    export SALES_SERIES=$ODOO_SERIES
}

# prettier_prepare: the formatter of XML and JavaScript, in the cache.
prettier_prepare() {
    local folder key step_log=$SALES_LOG/npm.log
    command -v npm >/dev/null || return 1
    key=$(hash_of <"$SALES_ROOT/config/prettier/package.json")
    folder=$SALES_CACHE/prettier/$key
    if [ ! -e "$folder/.ready" ]; then
        lock 7 cache
        if [ ! -e "$folder/.ready" ]; then
            step_begin "Prettier"
            rm -rf "$folder"
            mkdir -p "$folder"
            cp "$SALES_ROOT/config/prettier/package.json" "$folder/"
            (cd "$folder" && npm install --no-audit --no-fund --ignore-scripts) >"$step_log" 2>&1 || {
                say "    not installed: %s" "$(last_error "$step_log")"
                unlock 7
                return 1
            }
            touch "$folder/.ready"
            step_end
        fi
        unlock 7
    fi
    export SALES_PRETTIER=$folder/node_modules
}

# tests_jobs: how many processes run the tests at once, each on a database of its own.
tests_jobs() {
    local cores
    cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
    printf '%s\n' "${SALES_TEST_JOBS:-$((cores < 4 ? cores : 4))}"
}

cmd_test() {
    local argument named='' job options=() databases=()
    for argument in "$@"; do
        case $argument in
            --all) export SALES_TEST_ALL=1 ;;
            *)
                options+=("$argument")
                [ ! -e "${argument%%::*}" ] || named=1
                ;;
        esac
    done
    tests_prepare
    lock 9 test
    export SALES_RUN_DB=${SALES_TEST_DB}_run
    databases=("$SALES_RUN_DB")
    if [ -z "$named" ]; then
        options+=("$SALES_ROOT/tests" "$SALES_ROOT/addons")
        if [ "$(tests_jobs)" -gt 1 ]; then
            options+=(--numprocesses "$(tests_jobs)" --dist loadfile)
            databases=()
            for ((job = 0; job < $(tests_jobs); job++)); do
                databases+=("${SALES_RUN_DB}_gw$job")
            done
        fi
    fi
    database test "$SALES_TEST_DB" "${databases[@]}" || exit 1
    export PYTHONPATH=$SALES_ROOT
    exec "$SALES_PYTHON" -m pytest -c "$SALES_ROOT/config/pytest.ini" --rootdir "$SALES_ROOT" \
        --odoo-database="$SALES_RUN_DB" --odoo-http -o cache_dir="$SALES_CACHE/pytest" \
        "${options[@]}"
}

cmd_bench() {
    tests_prepare
    lock 9 test
    exec "$SALES_PYTHON" "$SALES_ROOT/tests/bench/run.py" "$@"
}
