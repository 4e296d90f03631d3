"""``./sales`` in wrong circumstances: one clear line, a way out, nothing half-made."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from .plugin import ROOT

COMMANDS = ("up", "down", "test", "bench", "odoo", "shell", "psql")


@pytest.fixture
def sales(tmp_path):
    """Run ``./sales`` with a state folder of its own and the variables given."""

    def run(*arguments, path=None, **variables):
        environment = {
            "HOME": str(tmp_path),
            "PATH": path or os.environ["PATH"],
            "SALES_HOME": str(tmp_path / "home"),
            "SALES_PYTHON": sys.executable,
        }
        return subprocess.run(
            [os.path.join(ROOT, "sales"), *arguments],
            env=environment | variables,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def refused(result, *words):
    """It failed with one line that holds the words."""
    assert result.returncode, result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("sales: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in lines[0]


def fake(folder, name, text):
    """A program of that name that stands before the machine's."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def odoo_of(folder, series):
    (folder / "odoo").mkdir(parents=True)
    release = f'series = "{series}"\nversion = "{series}.0"\n'
    (folder / "odoo" / "release.py").write_text(release)
    return str(folder)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(sales, command, tmp_path):
    result = sales(*filter(None, [command]), "--help")
    assert result.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name}\b", result.stdout, re.M)
    assert not (tmp_path / "home").exists()


def test_unknown_command(sales):
    refused(sales("upp"), "upp")


def test_port_is_no_number(sales):
    refused(sales("up", SALES_PORT="http"), "SALES_PORT=http")


def test_port_in_use(sales, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = sales("up", SALES_PORT=str(port))
    refused(result, f"Port {port}", f"SALES_PORT={port + 1} ./sales up")
    assert not (tmp_path / "home" / "postgres").exists()


def test_port_in_use_in_chinese(sales):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = sales("up", SALES_PORT=str(port), SALES_LANG="zh_CN")
    refused(result, f"端口 {port} 已被其他程序占用")
    assert "欢迎" in result.stderr


def test_no_python(sales, tmp_path):
    old = fake(tmp_path / "bin", "oldpython", "exit 1").split(":")[0]
    result = sales("up", SALES_PYTHON=f"{old}/oldpython")
    refused(result, "SALES_PYTHON", "3.10 to 3.13")


def test_home_not_writable(sales, tmp_path):
    (tmp_path / "file").write_text("")
    refused(sales("up", SALES_HOME=str(tmp_path / "file" / "home")), "SALES_HOME")


def test_odoo_home_without_odoo(sales, tmp_path):
    refused(sales("odoo", ODOO_HOME=str(tmp_path)), "ODOO_HOME", "19.0")


def test_odoo_of_another_series(sales, tmp_path):
    home = odoo_of(tmp_path / "odoo18", "18.0")
    refused(sales("odoo", ODOO_HOME=home), "Odoo 18.0", "19.0")


@pytest.fixture
def bare_python(tmp_path):
    """A Python that has no Odoo, as on a bare machine."""
    program = tmp_path / "bin" / "barepython"
    real = os.path.join(sys.base_prefix, "bin", "python3")
    fake(program.parent, program.name, f'exec "{real}" -I "$@"')
    return real if os.path.exists(real) else str(program)


def test_disk_full(sales, tmp_path, bare_python):
    path = fake(tmp_path / "bin", "df", "echo head; echo 'disk 1000 990 10240 99% /'")
    result = sales("up", path=path, SALES_PYTHON=bare_python, SALES_PORT="8991")
    if "No way to Odoo" in result.stderr:
        pytest.skip("this machine has no apt")
    refused(result, "10 MB free", "SALES_HOME")


def test_no_way_to_odoo(sales, tmp_path, bare_python):
    path = fake(tmp_path / "bin", "apt-get", "exit 1")
    result = sales("odoo", path=path, SALES_PYTHON=bare_python)
    refused(result, "ODOO_HOME", "DEBIAN_MIRROR", "docker compose up")


def test_no_network(sales, bare_python, tmp_path):
    if not shutil.which("apt-get") or not os.path.exists(
        "/usr/share/keyrings/debian-archive-keyring.gpg"
    ):
        pytest.skip("this machine has no apt")
    result = sales(
        "odoo", SALES_PYTHON=bare_python, DEBIAN_MIRROR="http://127.0.0.1:9/debian"
    )
    refused(result, "check the network")
    assert not list((tmp_path / "home").glob("cache/odoo/*/usr"))


def test_server_of_nobody(sales, tmp_path):
    result = sales("odoo", "--version", PGHOST=str(tmp_path), **environment())
    refused(result, "PGHOST")


def test_superuser_postgres(sales):
    result = sales("odoo", "--version", PGUSER="postgres", **environment())
    refused(result, "postgres", "PGUSER")


def environment():
    """The prepared environment, so that nothing is built."""
    cache = os.environ.get("SALES_CACHE")
    if not cache:
        pytest.skip("needs ./sales test")
    base = os.environ["SALES_PYTHON_BASE"]
    return {"SALES_CACHE": cache, "SALES_PYTHON": base}


@pytest.fixture
def home():
    """A state folder that PostgreSQL's user may enter, and nothing left running."""
    folder = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp", prefix="sales-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        variables = dict(os.environ, SALES_HOME=str(folder))
        subprocess.run([f"{ROOT}/sales", "down"], env=variables, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def answer(home, number):
    """A ``./sales psql`` that makes and starts a PostgreSQL of its own."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith("PG")
    }
    return subprocess.Popen(
        [f"{ROOT}/sales", "psql", "-d", "postgres", "-Atc", f"SELECT {number}"],
        env=variables | environment() | {"SALES_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_killed_and_again(home):
    for seconds in (0.3, 1, 2, 3):
        process = answer(home, 1)
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    output, errors = answer(home, 42).communicate(timeout=180)
    assert output == "42\n", errors
    assert not list(home.glob("postgres/*.new.*"))


def test_two_at_once(home):
    both = [answer(home, 1), answer(home, 2)]
    outputs = [process.communicate(timeout=180) for process in both]
    assert [output for output, _errors in outputs] == ["1\n", "2\n"], outputs


def test_server_too_old(databases):
    with pytest.raises(SystemExit, match="too old, 99 or newer"):
        databases.cmd_check("99")


def test_database_of_another_program(databases, fresh):
    with fresh("strange") as name:
        databases.query(f'CREATE DATABASE "{name}" TEMPLATE template0')
        with pytest.raises(SystemExit, match="set SALES_DB"):
            databases.cmd_current(name)


def test_down_with_nothing(sales):
    result = sales("down")
    assert result.returncode == 0 and "Nothing to stop" in result.stderr


def test_locks_are_released_by_dying(tmp_path):
    """Who waits for a killed ./sales goes on at once; files are never half-written."""
    script = f"""
        export SALES_ROOT={ROOT} SALES_HOME={tmp_path} SALES_LANG=
        . {ROOT}/config/setup/common.sh
        SALES_PYTHON_BASE={sys.executable}
        prepare_home
        lock 7 cache
        echo locked; exec sleep "$1"
    """
    first = subprocess.Popen(
        ["bash", "-euc", script, "x", "100"], stdout=subprocess.PIPE, text=True
    )
    assert first.stdout.readline() == "locked\n"
    second = subprocess.Popen(
        ["bash", "-euc", script, "x", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "waiting" in second.stderr.readline()
    first.kill()
    first.wait()
    first.stdout.close()
    output, _errors = second.communicate(timeout=20)
    assert output == "locked\n" and second.returncode == 0


def test_port_of_another_command(tmp_path):
    """Another ./sales may write the configuration before the server has read it."""
    (tmp_path / "odoo.conf").write_text("[options]\nhttp_port = 8069\n")
    fake(tmp_path / "bin", "python", f'echo "$@" > {tmp_path}/arguments')
    script = f"""
        export SALES_ROOT={ROOT} SALES_HOME={tmp_path} SALES_LANG= SALES_PORT=8991
        . {ROOT}/config/setup/common.sh
        SALES_PYTHON_BASE={sys.executable} SALES_PYTHON={tmp_path}/bin/python
        prepare_home
        . {ROOT}/config/setup/server.sh
        server_start; wait "$server_child"
    """
    subprocess.run(["bash", "-euc", script], check=True, timeout=20)
    arguments = (tmp_path / "arguments").read_text().split()
    assert "--http-port=8991" in arguments
    assert "--http-interface=127.0.0.1" in arguments


def test_messages_in_chinese():
    """A translated message exists in the scripts and keeps its placeholders."""
    setup = pathlib.Path(ROOT, "config/setup")
    scripts = "".join(p.read_text() for p in setup.glob("*.sh") if p.name != "zh_CN.sh")
    table = (setup / "zh_CN.sh").read_text()
    pairs = re.findall(r'^ {8}"(.*?)"\)\s+printf \'(.*?)\'', table, re.M)
    assert len(pairs) > 10
    for english, chinese in pairs:
        assert f'"{english}"' in scripts, english
        assert english.count("%s") == chinese.count("%%s"), english
