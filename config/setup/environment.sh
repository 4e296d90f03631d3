# shellcheck shell=bash
# From a bare machine to Odoo's command line: what every command needs.

# prepare_python [dev]: an Odoo and the Python environment to run it in.
prepare_python() {
    python_find
    prepare_home
    odoo_find
    python_environment "$@"
}

# database COMMAND…: see database.py.
database() { "$SALES_PYTHON" "$SALES_ROOT/config/setup/database.py" "$@"; }

# odoo_rc CLUSTER: writes Odoo's configuration for a cluster and sets ODOO_RC.
odoo_rc() {
    local data=$SALES_HOME/data rc=$SALES_HOME/odoo.conf
    if [ "$1" = test ]; then
        data=$SALES_HOME/test/data
        rc=$SALES_HOME/test/odoo.conf
    fi
    mkdir -p "$data"
    {
        cat "$SALES_ROOT/config/odoo.conf"
        printf '\n; what depends on the machine\n'
        printf 'addons_path = %s,%s\n' "$ODOO_ADDONS" "$SALES_ROOT/addons"
        printf 'data_dir = %s\n' "$data"
        [ -z "${PGHOST:-}" ] || printf 'db_host = %s\n' "$PGHOST"
        [ -z "${PGPORT:-}" ] || printf 'db_port = %s\n' "$PGPORT"
        [ -z "${PGUSER:-}" ] || printf 'db_user = %s\n' "$PGUSER"
        printf 'http_port = %s\n' "$SALES_PORT"
        printf 'http_interface = %s\n' "$SALES_INTERFACE"
        if [ -n "${PG_PATH:-}" ]; then printf 'pg_path = %s\n' "$PG_PATH"; fi
    } | write_file "$rc"
    ODOO_RC=$rc
    export ODOO_RC
}

# prepare CLUSTER [dev]: everything up to a running PostgreSQL and Odoo's configuration.
prepare() {
    local cluster=$1
    shift
    prepare_python "$@"
    postgres_use "$cluster"
    if [ -n "${POSTGRES_BIN:-}" ]; then PG_PATH=$POSTGRES_BIN; fi
    odoo_rc "$cluster"
}

cmd_odoo() {
    prepare main
    fonts_prepare
    exec "$SALES_PYTHON" -m odoo "$@"
}

cmd_shell() {
    local argument
    prepare main
    for argument in "$@"; do
        case $argument in -d | -d* | --database*) exec "$SALES_PYTHON" -m odoo shell "$@" ;; esac
    done
    exec "$SALES_PYTHON" -m odoo shell -d "$SALES_DB" --no-http "$@"
}

cmd_psql() {
    local psql
    prepare main
    psql=${POSTGRES_BIN:+$POSTGRES_BIN/psql}
    [ -x "$psql" ] || psql=$(command -v psql) ||
        die "No psql on this machine: install PostgreSQL's client (Debian: apt-get install postgresql-client)."
    export PGDATABASE=${PGDATABASE:-$SALES_DB}
    exec "$psql" "$@"
}
