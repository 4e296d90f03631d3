# shellcheck shell=bash
# `up` and `down`: Odoo in the background.

SERVER_PID=$SALES_RUN/odoo.pid
SERVER_STATE=$SALES_RUN/odoo.state
SERVER_LOG=$SALES_LOG/odoo.log

# server_running: whether the process of our pid file is there and is ours.
server_running() {
    local pid
    pid=$(cat "$SERVER_PID" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null &&
        process_command "$pid" | grep -qF -- "--pidfile=$SERVER_PID"
}

process_command() {
    if [ -r "/proc/$1/cmdline" ]; then
        tr '\0' ' ' <"/proc/$1/cmdline"
    else
        ps -o args= -p "$1" 2>/dev/null
    fi
}

# port_free: whether the port that we want is free.
port_free() {
    "$SALES_PYTHON_BASE" - "$SALES_INTERFACE" "$SALES_PORT" <<'PY' 2>/dev/null
import socket, sys
with socket.socket() as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((sys.argv[1], int(sys.argv[2])))
PY
}

server_stop() {
    local pid waited=0
    server_running || return 0
    pid=$(cat "$SERVER_PID")
    kill "$pid" 2>/dev/null || true
    while server_running; do
        waited=$((waited + 1))
        [ "$waited" -lt 100 ] || kill -9 "$pid" 2>/dev/null || true
        [ "$waited" -lt 150 ] || die "Odoo (process %s) does not stop." "$pid"
        sleep 0.2
    done
    rm -f "$SERVER_PID" "$SERVER_STATE"
    say "==> Odoo stopped"
}

# server_start: Odoo in the background, detached from this terminal and from our locks. Its
# port is named: another `./sales` may write the configuration before Odoo has read it.
server_start() {
    local detach=''
    command -v setsid >/dev/null && detach=setsid
    rm -f "$SERVER_PID"
    printf '%s %s\n' "$SALES_DB" "$SALES_PORT" | write_file "$SERVER_STATE"
    touch "$SERVER_LOG"
    server_log_start=$(wc -c <"$SERVER_LOG")
    # shellcheck disable=SC2086  # one word or none
    nohup $detach "$SALES_PYTHON" -m odoo -d "$SALES_DB" --pidfile="$SERVER_PID" \
        --http-port="$SALES_PORT" --http-interface="$SALES_INTERFACE" \
        </dev/null >>"$SERVER_LOG" 2>&1 7>&- 8>&- 9>&- &
    server_child=$!
}

# server_wait: until the login page answers. Only who has said in the log that it serves is
# asked: another program may have taken the port since we looked.
server_wait() {
    "$SALES_PYTHON" - "http://$(server_host):$SALES_PORT/web/login" "$server_child" \
        "$SERVER_LOG" "$server_log_start" <<'PY' ||
import os, sys, time, urllib.request

url, pid, log, start = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
end = time.monotonic() + 300
serving = False
while time.monotonic() < end:
    if not serving:
        with open(log, "rb") as file:
            file.seek(start)
            serving = b"HTTP service (werkzeug) running on" in file.read()
    try:
        if serving:
            with opener.open(url, timeout=60) as answer:
                sys.exit(answer.status != 200)
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except OSError:
        sys.exit(1)
    time.sleep(0.2)
sys.exit(1)
PY
        die "Odoo does not answer (%s): the log is %s." "$(last_error "$SERVER_LOG")" "$SERVER_LOG"
}

server_host() {
    case $SALES_INTERFACE in 0.0.0.0 | '' | ::) echo localhost ;; *) echo "$SALES_INTERFACE" ;; esac
}

cmd_up() {
    local started=$SECONDS
    [ $# -eq 0 ] || die "up takes no arguments: see ./sales --help."
    case $SALES_PORT in
        '' | *[!0-9]*) die "SALES_PORT=%s is not a port number." "$SALES_PORT" ;;
    esac
    say "Welcome to Odoo Sales Force."
    python_find
    prepare_home
    lock 9 up
    if ! server_running && ! port_free; then
        die "Port %s is in use by another program: choose another, for example SALES_PORT=%s ./sales up" \
            "$SALES_PORT" "$((SALES_PORT + 1))"
    fi
    prepare main
    fonts_prepare
    server_refresh
    say "Odoo is ready after %s s at http://localhost:%s" "$((SECONDS - started))" "$SALES_PORT"
    say "Logins (user / password):"
    database logins "$SALES_DB" >&2
}

# server_refresh: database and server in step with the sources, the database and the port.
server_refresh() {
    if server_running && [ "$(cat "$SERVER_STATE" 2>/dev/null)" = "$SALES_DB $SALES_PORT" ] &&
        database current "$SALES_DB" "$SALES_LANG"; then
        say "==> Odoo is running already"
        return
    fi
    server_stop
    port_free ||
        die "Port %s is in use by another program: choose another, for example SALES_PORT=%s ./sales up" \
            "$SALES_PORT" "$((SALES_PORT + 1))"
    database up "$SALES_DB" "$SALES_LANG" || exit 1
    step_begin "Odoo on port %s" "$SALES_PORT"
    server_start
    server_wait
    step_end
}

cmd_down() {
    [ $# -eq 0 ] || die "down takes no arguments: see ./sales --help."
    if [ ! -d "$SALES_RUN" ]; then
        say "Nothing to stop."
        return
    fi
    python_find
    lock 9 up
    server_stop
    postgres_stop main
}
