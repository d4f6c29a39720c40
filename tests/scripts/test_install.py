"""What is said where packages are missing: before anything is done, and in a sentence of the project's own."""

import pytest

NO_PASSWORD_NEEDED = 'called "$@"; [[ $1 != -n ]] || exit 0; cat >/dev/null'
PASSWORD_NEEDED = ('called "$@"; [[ $1 == -n ]] || exit 0\n'
                   'echo "sudo: a terminal is required to read the password" >&2; exit 1')
NOT_ALLOWED = 'called "$@"; echo "user is not in the sudoers file" >&2; exit 1'


INSTALL = ["/bin/bash", "-c", ". scripts/lib.sh; install_packages gcc wrk"]


@pytest.fixture
def bare(checkout):
    """Nothing of Debian is installed."""
    checkout.add_program("dpkg-query", "exit 1")
    checkout.add_program("apt-get", 'called "$@"')
    return checkout


@pytest.mark.parametrize("script", [["scripts/test", "layers"], ["scripts/demo"], ["scripts/package"]])
def test_a_password_without_a_terminal(bare, script):
    bare.add_program("sudo", PASSWORD_NEEDED)
    done = bare.run(*script)
    assert done.returncode == 1 and done.stdout == "", done
    assert "for a password and there is no terminal" in done.stderr and "apt-get install gcc " in done.stderr
    assert "sudo: " not in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert bare.called() == ["sudo -n true"]


def run_with_few_programs(bare):
    for name in ("env", "dirname", "basename", "id"):
        bare.add_program(name, f'exec /usr/bin/{name} "$@"')
    return bare.run(*INSTALL, environment={"PATH": str(bare.programs)})


def test_no_sudo(bare):
    done = run_with_few_programs(bare)
    assert done.returncode == 1 and done.stdout == "", done
    assert "not installed: gcc wrk. There is no sudo" in done.stderr and "apt-get install gcc wrk" in done.stderr, done
    assert bare.called() == []


def test_a_user_whom_sudo_refuses(bare):
    bare.add_program("sudo", NOT_ALLOWED)
    done = bare.run("scripts/test", "layers", has_terminal=True)
    assert done.returncode == 1, done
    assert "sudo does not let " in done.stderr and "apt-get install gcc " in done.stderr, done.stderr
    assert "installing" not in done.stdout and bare.called() == ["sudo -n true", "sudo -v"]


@pytest.mark.parametrize("sudo, has_terminal", [(NO_PASSWORD_NEEDED, False), (PASSWORD_NEEDED, True)])
def test_sudo_installs(bare, sudo, has_terminal):
    bare.add_program("sudo", sudo)
    done = bare.run(*INSTALL, has_terminal=has_terminal)
    assert done.returncode == 0, done
    assert "installing from Debian: gcc wrk" in done.stdout, done
    assert any(call.startswith("sudo env ") and call.endswith(" gcc wrk") for call in bare.called()), bare.called()


def test_nothing_is_asked_where_nothing_is_missing(bare):
    bare.add_program("dpkg-query", "printf 'ii '")
    done = bare.run(*INSTALL)
    assert (done.returncode, done.stdout, done.stderr, bare.called()) == (0, "", "", [])


def test_another_system(bare):
    (bare.programs / "dpkg-query").unlink()
    done = run_with_few_programs(bare)
    assert done.returncode == 1 and "this needs Debian 12" in done.stderr and done.stdout == "", done
