"""bin/test brings the programs that the tests call, in a checkout of its own with nothing else in it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / "bin"
# As Debian's packages do: a service is started unless there is a policy, and it says 101.
APT_GET = """#!/bin/sh
echo "$@" >>"$HERE/apt-get"
case $* in install*) ;; *) exit 0 ;; esac
said=0
[ ! -e "$SERVICE_POLICY" ] || "$SERVICE_POLICY" kamailio start || said=$?
[ "$said" = 101 ] || echo kamailio >>"$HERE/started"
exit "${FAILS:-0}"
"""
ROOT = "#!/bin/sh\necho 0\n"
PYTEST = '#!/bin/sh\necho "pytest $*"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(BIN, tmp_path / "bin")
    (tmp_path / "bin/environment.sh").write_text("need_environment() { :; }\n")
    script = tmp_path / "bin/test"
    lines = script.read_text(encoding="utf-8").splitlines(keepends=True)
    (first,) = (at for at, line in enumerate(lines) if line.startswith("PROGRAMS="))
    lines[first : first + 2] = ['PROGRAMS="no-such-program:kamailio"\n']
    script.write_text("".join(lines), encoding="utf-8")
    for name, text in {"apt-get": APT_GET, "id": ROOT, "pytest": PYTEST}.items():
        program = tmp_path / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
    return tmp_path


def run(checkout: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    known = {
        "PATH": f"{checkout / 'programs'}:{os.environ['PATH']}",
        "HERE": str(checkout),
        "SERVICE_POLICY": str(checkout / "policy"),
    }
    return subprocess.run(
        [checkout / "bin/test", "tests/phone"],
        env=os.environ | known | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_what_is_installed_for_the_tests_is_not_started(checkout: Path) -> None:
    ran = run(checkout)

    assert (ran.returncode, ran.stdout) == (0, "pytest tests/phone\n")
    assert (checkout / "apt-get").read_text() == "update -qq\ninstall -qq -y kamailio\n"
    assert not (checkout / "started").exists()
    assert not (checkout / "policy").exists()


def test_a_policy_that_the_machine_has_is_asked_and_left(checkout: Path) -> None:
    policy = checkout / "policy"
    policy.write_text("#!/bin/sh\nexit 0\n")
    policy.chmod(0o755)

    assert run(checkout).returncode == 0
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert (checkout / "started").read_text() == "kamailio\n"


def test_no_policy_is_left_when_installing_fails(checkout: Path) -> None:
    ran = run(checkout, FAILS="100")

    assert (ran.returncode, ran.stdout) == (100, "")
    assert not (checkout / "policy").exists()
