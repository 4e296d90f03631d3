"""What ships beside the addons: compose, the container's start, settings, wheels."""

import os
import re
import subprocess
import sys
import zipfile

import pytest
import yaml

from .test_lint import ADDONS

# The compose specification's keys that we use; an unknown one is a misspelling.
TOP = {"name", "services", "volumes"}
SERVICE = {
    "build",
    "command",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "ports",
    "restart",
    "shm_size",
    "volumes",
}
HEALTH = {"test", "interval", "timeout", "retries", "start_period"}
DURATION = re.compile(r"(\d+(us|ms|s|m|h))+")
VARIABLE = re.compile(r"\$\{([A-Z_]+)(:-[^}]*)?\}")


@pytest.fixture(scope="module")
def compose():
    path = os.path.join(os.path.dirname(__file__), "..", "docker-compose.yml")
    with open(path) as file:
        return yaml.safe_load(file)


def test_compose_services(compose):
    assert set(compose) <= TOP
    assert compose["services"]["db"]["image"] == "postgres:17"
    for service in compose["services"].values():
        assert set(service) <= SERVICE
        assert service.get("image") or service.get("build")
        assert service["restart"] in ("no", "always", "on-failure", "unless-stopped")
        for name, value in service["environment"].items():
            assert re.fullmatch(r"[A-Z_]+", name)
            assert isinstance(value, str), f"{name}: compose wants a string"
        for needed, how in service.get("depends_on", {}).items():
            assert needed in compose["services"]
            assert how["condition"] == "service_healthy"
            assert "healthcheck" in compose["services"][needed]


def test_compose_health(compose):
    for service in compose["services"].values():
        health = service["healthcheck"]
        assert set(health) <= HEALTH
        assert health["test"][0] in ("CMD", "CMD-SHELL")
        assert isinstance(health["retries"], int)
        for key in ("interval", "timeout", "start_period"):
            assert key not in health or DURATION.fullmatch(health[key])


def test_compose_volumes(compose, root):
    used = set()
    for service in compose["services"].values():
        for volume in service["volumes"]:
            source, target, *mode = volume.split(":")
            assert target.startswith("/") and mode in ([], ["ro"], ["rw"])
            if source.startswith("."):
                assert (root / source).exists()
            else:
                used.add(source)
    assert used == set(compose["volumes"])


def test_compose_ports_and_variables(compose, root):
    for port in compose["services"]["odoo"]["ports"]:
        address, outside, inside = re.sub(VARIABLE, "8069", port).split(":")
        assert (address, inside) == ("127.0.0.1", "8069") and outside.isdigit()
    # `docker compose up` asks for nothing: all variables have a default.
    text = (root / "docker-compose.yml").read_text()
    assert all(default for _name, default in VARIABLE.findall(text))
    assert "${SALES_DEMO:-1}" in text


def test_dockerfile(compose, root):
    build = compose["services"]["odoo"]["build"]
    lines = (root / build["context"] / build["dockerfile"]).read_text().splitlines()
    assert "FROM odoo:19" in lines
    for line in lines:
        if line.startswith("COPY "):
            source = line.split()[1]
            assert (root / build["context"] / source).exists(), source
    assert lines.index("USER odoo") > lines.index("USER root")


def test_container_start(databases, root, tmp_path):
    """The container's entry point, run on the database of the tests."""
    name = os.environ["SALES_TEST_DB"]
    if databases.cmd_current(name):
        pytest.skip("the sources have changed since the tests began")
    environment = dict(
        os.environ,
        SALES_HOME=str(tmp_path / "home"),
        SALES_CACHE=str(tmp_path / "cache"),
        SALES_PYTHON=sys.executable,
        SALES_DB=name,
        SALES_INTERFACE="127.0.0.1",
        SALES_LANG="",
    )
    for variable in ("ODOO_HOME", "SALES_LOG", "SALES_RUN"):
        environment.pop(variable, None)
    result = subprocess.run(
        ["bash", root / "config/docker/entrypoint.sh", "--stop-after-init"],
        env=environment | {"ODOO_RC": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert "admin / admin" in result.stderr
    assert "Modules loaded" in result.stderr


def test_settings_are_known(root, tmp_path):
    """Odoo knows every setting of the files and says nothing against one."""
    for name in ("odoo.conf", "odoo.production.conf"):
        text = (root / "config" / name).read_text()
        # Folders of a server that are not on this machine.
        text = re.sub(r"^(addons_path|logfile) = .*\n", "", text, flags=re.M)
        text = re.sub(r"^data_dir = .*", f"data_dir = {tmp_path}", text, flags=re.M)
        if "\nhttp_interface" not in text:
            # ./sales writes it, with all else that depends on the machine.
            text += "http_interface = 127.0.0.1\n"
        path = tmp_path / name
        path.write_text(text)
        result = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from odoo.tools import config; import logging;"
                "logging.basicConfig(level=logging.INFO);"
                "config.parse_config(['-c', sys.argv[1]], setup_logging=False);"
                "print(config['workers'], config['list_db'], config['proxy_mode'])",
                path,
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "WARNING" not in result.stderr and "unknown" not in result.stderr
        expected = "9 False True" if "production" in name else "0 True False"
        assert result.stdout.strip() == expected


def test_nginx(root):
    text = re.sub(r"#.*", "", (root / "config/nginx.conf").read_text())
    bare = re.sub(r"\$\w+|'[^']*'|\"[^\"]*\"", "x", text)
    assert bare.count("{") == bare.count("}")
    for line in bare.splitlines():
        assert not line.strip() or line.rstrip()[-1] in ";{}", line
    names = set(re.findall(r"upstream (\w+)", text))
    assert set(re.findall(r"proxy_pass http://(\w+);", text)) == names
    production = (root / "config/odoo.production.conf").read_text()
    for port in re.findall(r"server 127\.0\.0\.1:(\d+);", text):
        assert f"_port = {port}\n" in production


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_wheel(addon, tmp_path):
    """Each addon is a wheel that companies can install beside their Odoo."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        + ["--no-build-isolation", "--wheel-dir", tmp_path, addon],
        check=True,
        capture_output=True,
        text=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"odoo_addon_{addon.name}-19.0.")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith("/METADATA")]
        text = archive.read(metadata).decode()
    assert f"odoo/addons/{addon.name}/__manifest__.py" in names
    assert "Requires-Dist: odoo==19.0.*" in text
    assert "LGPL-3" in text
