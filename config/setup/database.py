"""Databases of ./sales: made in steps that can be repeated, complete or not there.

database.py check OLDEST          the server answers, is new enough, may create
database.py up NAME LANG          NAME with the addons and demo data, up to date
database.py current NAME LANG     whether `up` would change nothing
database.py test NAME RUN…        NAME with the addons, from the cached template, and
                                  clones of it
database.py logins NAME           who can log in, for people to read
"""

import ast
import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import psycopg2

ROOT = pathlib.Path(os.environ["SALES_ROOT"])
ADDONS = ROOT / "addons"
LOG = pathlib.Path(os.environ["SALES_LOG"])
ROLES = (
    *("admin", "rep", "leader", "manager", "director", "operations", "finance"),
    *("agent", "agent2", "agent3", "dispatcher", "service"),
)
TROUBLE = re.compile(
    r" (WARNING|ERROR|CRITICAL) \S+ (?!odoo\.service\.server: Running)"
)
# What every page of the backend loads.
ASSETS = """
for name in ("web.assets_web", "web.assets_web_print", "web.assets_tests"):
    bundle = env["ir.qweb"]._get_asset_bundle(name, css=True, js=True)
    bundle.css(), bundle.js()
"""
# Odoo says these of itself, whatever is installed.
HARMLESS = re.compile(r"Running as user 'root'|wkhtmltopdf|Chrome executable not found")
CHINESE = {
    "Database %s with the addons and demo data": "创建数据库 %s，安装模块和演示数据",
    "Database %s with the addons, without demo data": "创建数据库 %s，安装模块",
    "Database %s: the addons are updated": "数据库 %s：更新模块",
    "done in %.0f s": "完成，用时 %.0f 秒",
}


def fail(message):
    sys.exit(f"sales: {message}")


def say(message, *values):
    if os.environ.get("SALES_LANG", "").startswith("zh_CN"):
        message = CHINESE.get(message, message)
    print(message % values, file=sys.stderr, flush=True)


def connect(name="postgres"):
    connection = psycopg2.connect(dbname=name, connect_timeout=10)
    connection.autocommit = True
    return connection


def query(sql, *values, name="postgres"):
    connection = connect(name)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@contextlib.contextmanager
def alone(name):
    """Of two who would make the same database one waits, and finds it made."""
    connection = connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", (name,))
        yield
    finally:
        connection.close()


def exists(name):
    return bool(query("SELECT 1 FROM pg_database WHERE datname = %s", name))


def drop(name):
    query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(filestore(name), ignore_errors=True)


def filestore(name):
    data = re.search(
        r"^data_dir = (.*)$", pathlib.Path(os.environ["ODOO_RC"]).read_text(), re.M
    )
    return pathlib.Path(data[1], "filestore", name)


def rename(old, new):
    shutil.rmtree(filestore(new), ignore_errors=True)
    if filestore(old).exists():
        filestore(old).rename(filestore(new))
    # What was just filled has no statistics yet, and its clones would not either.
    query("ANALYZE", name=old)
    query(f'ALTER DATABASE "{old}" RENAME TO "{new}"')


def clone(template, name):
    drop(name)
    query(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    if filestore(template).exists():
        shutil.copytree(filestore(template), filestore(name))


def manifest(addon):
    return ast.literal_eval((ADDONS / addon / "__manifest__.py").read_text())


def our_addons():
    return sorted(path.parent.name for path in ADDONS.glob("*/__manifest__.py"))


def dependencies():
    """The standard addons that ours need."""
    ours = our_addons()
    return sorted({d for addon in ours for d in manifest(addon)["depends"]} - set(ours))


def sources_key():
    """What decides whether an installed database is up to date."""
    digest = hashlib.sha256(os.environ["ODOO_VERSION"].encode())
    for path in sorted(ADDONS.rglob("*")):
        parts = path.relative_to(ADDONS).parts
        if (
            path.is_file()
            and path.suffix in (".py", ".xml", ".csv", ".po", ".json")
            and not {"tests", "__pycache__", "src"} & set(parts)
        ):
            digest.update(f"{parts}".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def parameter(name, key, value=None):
    if value is None:
        rows = query(
            "SELECT value FROM ir_config_parameter WHERE key = %s", key, name=name
        )
        return rows[0][0] if rows else None
    query(
        """INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)
        ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value""",
        key,
        value,
        name=name,
    )
    return value


def odoo(name, *arguments, strict=False):
    """Run Odoo's command line on a database; progress and trouble are shown.

    :return: the log's lines of warnings and errors
    :raise SystemExit: where Odoo fails, or with ``strict`` says a warning
    """
    options = ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
    return _run(name, ["-d", name, *options, *arguments], strict=strict)


def script(name, code):
    """Run Python code with ``env`` of a database and commit.

    :return: the log's lines of warnings and errors
    """
    code = f"{code}\nenv.cr.commit()\n"
    arguments = ["shell", "-d", name, "--no-http", "--shell-interface=python"]
    return _run(name, arguments, code)


def _run(name, arguments, stdin="", strict=False):
    log = LOG / f"odoo-{name}.log"
    trouble, shown = [], time.monotonic()
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "odoo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE,
            text=True,
        )
        process.stdin.write(stdin)
        process.stdin.close()
        for line in process.stdout:
            file.write(line)
            if TROUBLE.search(line) and not HARMLESS.search(line):
                trouble.append(line.rstrip())
            module = re.search(r"Loading module (\S+) \((\d+)/(\d+)\)", line)
            if module and time.monotonic() - shown > 2:
                shown = time.monotonic()
                print(
                    f"    {module[2]}/{module[3]} {module[1]}",
                    file=sys.stderr,
                    flush=True,
                )
        status = process.wait()
    if status or (strict and trouble):
        for line in trouble[:5]:
            print(f"    {line}", file=sys.stderr)
        if space_left() < 100:
            fail(f"The disk is full: free some space and run again; the log is {log}.")
        fail(f"Odoo could not prepare the database {name}: the log is {log}.")
    return trouble


def space_left():
    """Megabytes free where databases and files are kept."""
    return shutil.disk_usage(LOG).free // 2**20


def languages(lang):
    return ["--load-language", lang] if lang else []


def template(demo):
    """A database with the standard addons that ours need, made once."""
    names = dependencies()
    key = hashlib.sha256(
        " ".join([os.environ["ODOO_VERSION"], os.environ["ODOO_PATH"], *names]).encode()
    ).hexdigest()[:12]
    name = f"template_{'demo' if demo else 'plain'}_{key}"
    with alone(name):
        if not exists(name):
            started = time.monotonic()
            say("==> Database %s with the standard addons (kept for later runs)", name)
            for (old,) in query(
                "SELECT datname FROM pg_database WHERE datname LIKE %s",
                name.rsplit("_", 1)[0].replace("_", r"\_") + r"\_%",
            ):
                drop(old)
            new = f"{name}_new"
            query(f"CREATE DATABASE \"{new}\" TEMPLATE template0 ENCODING 'unicode'")
            odoo(new, "-i", ",".join(names), *(["--with-demo"] if demo else []))
            rename(new, name)
            say("    done in %.0f s", time.monotonic() - started)
    return name


def cmd_check(oldest):
    try:
        version = query("SHOW server_version_num")[0][0]
        may = query("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = user")
    except psycopg2.Error as error:
        reason = str(error).strip().splitlines()[0]
        fail(
            f"PostgreSQL does not answer ({reason}): correct PGHOST, PGPORT, PGUSER "
            "and PGPASSWORD, or leave them out to get a server of its own."
        )
    if int(version) // 10000 < int(oldest):
        fail(
            f"PostgreSQL {int(version) // 10000} is too old, {oldest} or newer is "
            "needed: update it, or leave PGHOST out to get a server of its own."
        )
    if not may[0][0]:
        fail(
            f"The PostgreSQL role {os.environ.get('PGUSER', '')} may not create "
            "databases: ALTER ROLE … CREATEDB, or set PGUSER to another."
        )


def cmd_up(name, lang=""):
    started = time.monotonic()
    if not exists(name):
        demo = os.environ.get("SALES_DEMO", "1") == "1"
        if demo:
            say("Database %s with the addons and demo data", name)
        else:
            say("Database %s with the addons, without demo data", name)
        new = f"{name}_new"
        drop(new)
        query(f"CREATE DATABASE \"{new}\" TEMPLATE template0 ENCODING 'unicode'")
        options = ["--with-demo"] if demo else []
        odoo(new, "-i", ",".join(our_addons()), *options, *languages(lang))
        finish(new, lang)
        rename(new, name)
        say("    done in %.0f s", time.monotonic() - started)
    elif cmd_current(name, lang):
        say("Database %s: the addons are updated", name)
        addons = ",".join(our_addons())
        # -u passes by what is not installed, -i what is.
        odoo(name, "-i", addons, "-u", addons, *languages(lang))
        finish(name, lang)
        say("    done in %.0f s", time.monotonic() - started)


def finish(name, lang):
    if lang:
        query(
            """UPDATE res_partner SET lang = %s
            WHERE id IN (SELECT partner_id FROM res_users WHERE active)""",
            lang,
            name=name,
        )
    parameter(name, "sales.sources", sources_key())
    parameter(name, "sales.lang", lang or "-")


def cmd_current(name, lang=""):
    """An exit status: 0 where nothing is to be done."""
    if not exists(name):
        return 1
    try:
        same = parameter(name, "sales.sources") == sources_key()
        same = same and (not lang or parameter(name, "sales.lang") == lang)
    except psycopg2.errors.UndefinedTable:
        fail(f"The database {name} is not Odoo's: set SALES_DB to another name.")
    return 0 if same else 1


def cmd_test(name, *runs):
    """NAME with the addons is kept clean; tests run on its clones RUNS."""
    if cmd_current(name):
        started = time.monotonic()
        source = template(demo=False)
        say("==> Database %s with the addons", name)
        new = f"{name}_new"
        clone(source, new)
        odoo(new, "-i", ",".join(our_addons()), strict=True)
        # Else each browser test bundles them again: it leaves nothing behind.
        script(new, ASSETS)
        finish(new, "")
        drop(name)
        rename(new, name)
        say("    done in %.0f s", time.monotonic() - started)
    for run in runs:
        clone(name, run)


def uninstall(name, addon):
    """Uninstall an addon as the Apps menu does.

    :return: the log's lines of warnings and errors
    """
    return script(
        name,
        f"""
addon = env["ir.module.module"].search([("name", "=", {addon!r})])
addon.button_immediate_uninstall()
assert addon.state == "uninstalled", addon.state""",
    )


def cmd_logins(name):
    rows = query("SELECT login FROM res_users WHERE active", name=name)
    found = {row[0] for row in rows}
    for role in ROLES:
        if role in found:
            print(f"    {role} / {role}")


if __name__ == "__main__":
    sys.exit(globals()[f"cmd_{sys.argv[1]}"](*sys.argv[2:]))
