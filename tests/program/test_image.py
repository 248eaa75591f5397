"""`launchpod image` and `launchpod doctor`."""

import re

from harness.docker import docker


def test_list_names_an_id_that_docker_takes(launchpod):
    # Older builds may still be there, also of the same lock: only the newest has the tag.
    lines = launchpod("image", "list").stdout.splitlines()
    (line,) = [line for line in lines if re.search(r"\blaunchpod/python:latest\b", line)]
    assert "current" in line
    image = re.search(r"sha256:[0-9a-f]+", line).group()
    assert docker("image", "inspect", "--format", "{{.Id}}", image).startswith("sha256:")


def test_verify(launchpod):
    launchpod("image", "verify", "python")


def test_verify_of_an_image_that_is_not_known(launchpod):
    assert "fortran" in launchpod("image", "verify", "fortran", code=1).stderr


def test_build_of_what_is_built_changes_nothing(launchpod):
    before = docker("images", "--quiet", "--no-trunc", "launchpod/python")
    launchpod("image", "build", "python")
    assert docker("images", "--quiet", "--no-trunc", "launchpod/python") == before


def test_doctor(launchpod):
    said = launchpod("doctor").stdout
    for word in ("Docker", "runc", "cgroup", "python", "port"):
        assert word.lower() in said.lower()
    assert "ok    fast backend: a worker forked and ready" in said


def test_doctor_says_why_there_is_no_fast_backend(launchpod):
    # The engine's data are there, the cgroups are not: as in many a container.
    hidden = ["unshare", "--mount", "sh", "-c", 'umount --lazy --recursive /sys/fs/cgroup; exec "$@"', "sh"]
    said = launchpod("doctor", within=hidden).stdout
    assert "warn  fast backend: the fast sandbox is not to be had: no cgroup hierarchy has the controller" in said
    done = launchpod("doctor", "--sandbox", "fast", within=hidden, code=1)
    assert "BAD   fast backend: " in done.stdout


def test_doctor_without_docker(launchpod):
    done = launchpod("doctor", code=1, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert "/nowhere/docker.sock" in done.stdout + done.stderr
