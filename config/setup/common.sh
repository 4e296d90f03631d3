# shellcheck shell=bash
# Messages, steps with their time, locks and the folders of everything that is kept.

# shellcheck source=config/setup/zh_CN.sh
. "$SALES_ROOT/config/setup/zh_CN.sh"

: "${SALES_DB:=sales}" "${SALES_PORT:=8069}" "${SALES_INTERFACE:=127.0.0.1}"
: "${SALES_LANG:=}" "${SALES_TEST_DB:=sales_test}"
if [ -z "${SALES_HOME:-}" ]; then
    # PostgreSQL cannot run as root, and the user it then runs as cannot enter root's home.
    if [ "$(id -u)" -eq 0 ]; then
        SALES_HOME=/var/lib/odoo-sales-force
    else
        SALES_HOME=${XDG_DATA_HOME:-$HOME/.local/share}/odoo-sales-force
    fi
fi
case $SALES_HOME in /*) ;; *) SALES_HOME=$PWD/$SALES_HOME ;; esac
# What can be fetched or built again; safe to delete, safe to share between SALES_HOMEs.
: "${SALES_CACHE:=$SALES_HOME/cache}"
SALES_LOG=$SALES_HOME/log
SALES_RUN=$SALES_HOME/run
export SALES_HOME SALES_CACHE SALES_LOG SALES_RUN SALES_DB SALES_PORT SALES_INTERFACE
export SALES_LANG SALES_TEST_DB

# What is read from other programs' output is in English.
export LC_MESSAGES=C

# msg FORMAT [ARGUMENT…]: the message in the user's language.
msg() {
    local format=$1
    shift
    case $SALES_LANG in zh_CN*) format=$(translate_zh_CN "$format") ;; esac
    # shellcheck disable=SC2059  # formats are literals of this repository
    printf "$format\n" "$@"
}

say() { msg "$@" >&2; }

# die FORMAT [ARGUMENT…]: one line that says what is wrong and a way out.
die() {
    printf 'sales: %s\n' "$(msg "$@")" >&2
    exit 1
}

step_started=0
step_begin() {
    step_started=$SECONDS
    printf '==> %s\n' "$(msg "$@")" >&2
}
step_end() { say "    done in %s s" "$((SECONDS - step_started))"; }

# last_error LOG: the line of a log that most likely says why.
last_error() {
    grep -iE 'error|fatal|fail|cannot|could not|no space' "$1" 2>/dev/null | tail -n 1 | cut -c 1-300 ||
        tail -n 1 "$1" 2>/dev/null
}

prepare_home() {
    mkdir -p "$SALES_HOME" "$SALES_CACHE" "$SALES_LOG" "$SALES_RUN" 2>/dev/null ||
        die "Cannot write to %s: set SALES_HOME to a folder that you may write to." "$SALES_HOME"
    [ -w "$SALES_RUN" ] ||
        die "Cannot write to %s: set SALES_HOME to a folder that you may write to." "$SALES_HOME"
}

# require_space MEGABYTES: refuses beforehand what would fill the disk.
require_space() {
    local free
    free=$(df -Pk "$SALES_HOME" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$1" ] ||
        die "Only %s MB free in %s, %s MB needed: free some space or set SALES_HOME." \
            "$free" "$SALES_HOME" "$1"
}

# lock FD NAME [shared]: waits for the lock NAME and holds it on descriptor FD until that is
# closed, at the latest when the process ends, however it ends.
lock() {
    local fd=$1 file=$SALES_RUN/$2.lock mode=${3:-exclusive}
    eval "exec $fd>>\"\$file\""
    if ! lock_try "$fd" "$mode"; then
        say "Another ./sales is at work (%s): waiting for it." "$2"
        while ! lock_try "$fd" "$mode"; do sleep 0.5; done
    fi
}

lock_try() {
    if command -v flock >/dev/null; then
        if [ "$2" = shared ]; then flock -n -s "$1"; else flock -n -x "$1"; fi
    else
        "$SALES_PYTHON_BASE" - "$1" "$2" <<'PY' 2>/dev/null
import fcntl, sys
fd, mode = int(sys.argv[1]), sys.argv[2]
fcntl.flock(fd, fcntl.LOCK_NB | (fcntl.LOCK_SH if mode == "shared" else fcntl.LOCK_EX))
PY
    fi
}

unlock() { eval "exec $1>&-"; }

# hash_of: a short key of standard input.
hash_of() {
    "$SALES_PYTHON_BASE" -c \
        'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])'
}

# write_file PATH: puts standard input there, at once or not at all.
write_file() {
    local new=$1.new.$$
    cat >"$new"
    if cmp -s "$new" "$1"; then rm -f "$new"; else mv -f "$new" "$1"; fi
}

# with_progress PATTERN COMMAND…: the command's output to the log $step_log; on a terminal
# all of it is shown, elsewhere the lines that match PATTERN.
with_progress() {
    local pattern=$1
    shift
    if [ -t 2 ]; then
        "$@" 2>&1 | tee -a "$step_log" >&2
    else
        "$@" 2>&1 | tee -a "$step_log" | { grep --line-buffered -E "$pattern" || true; } >&2
    fi
}
