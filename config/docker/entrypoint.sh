#!/usr/bin/env bash
# What the container runs: the steps of `./sales up`, with the image's Odoo and Python, and
# Odoo in the foreground. Arguments go to Odoo.
set -euo pipefail

SALES_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export SALES_ROOT
for part in common python debian odoo postgres packages environment server; do
    # shellcheck source=/dev/null
    . "$SALES_ROOT/config/setup/$part.sh"
done

say "Welcome to Odoo Sales Force."
python_find
prepare_home
odoo_find
export SALES_PYTHON=$SALES_PYTHON_BASE
postgres_use main
odoo_rc main
lock 9 up
database up "$SALES_DB" "$SALES_LANG"
unlock 9
say "Logins (user / password):"
database logins "$SALES_DB" >&2
exec "$SALES_PYTHON" -m odoo -d "$SALES_DB" --db-filter "^$SALES_DB\$" "$@"
