# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the root file systems of the lab's hosts with mmdebstrap, from the package sources of this machine."""
from __future__ import annotations

import concurrent.futures
import pathlib
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterable
from typing import Any

from labkit import podman, python_packages
from labkit.definition import ADMIN, IMAGE_LABEL, IMAGE_PREFIX, OPS, SHARED, Copy, Image
from labkit.state import LabError, home, say, wait_for, warn

_KEYRINGS = "/usr/share/keyrings"


def ensure(images: Iterable[Image]) -> None:
    """Build the missing images, two at a time, after removing the files of a killed build.

    The caller holds the lock, so that no other build is running. Raises LabError when a build fails.
    """
    wanted = {image.tag(): image for image in images}
    missing = [image for tag, image in wanted.items() if podman.attempt("image", "exists", tag).returncode != 0]
    if not missing:
        return
    with (home() / "build.lock").open("a+") as build_lock:
        wait_for(build_lock, "Waiting for the processes of a killed build to end ...")
        _clear_leftovers()
        sources, options = _machine_sources(), _machine_options()
        say(f"Building {', '.join(f'{image.name} (Debian {image.suite})' for image in missing)}; kept for later runs.")
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            builds = [pool.submit(_build, image, sources, options, build_lock.fileno()) for image in missing]
            for build in builds:
                build.result()


def remove_outdated(images: Iterable[Image]) -> None:
    """Remove images of earlier definitions. podman keeps an image that a container uses."""
    current = {image.tag() for image in images}
    for image in _lab_images():
        names = image.get("Names") or []
        if not current.intersection(names):
            podman.attempt("rmi", *(names or [image["Id"]]))


def make_copy(container: str, image: Copy) -> None:
    """Write the files of a stopped container into the image, in place of an earlier copy.

    The copy does not keep the label of the lab's images, by which another lab could remove it while it has no name yet.
    """
    remove_copy(image)
    podman.run("commit", "--quiet", "--change", f"LABEL {IMAGE_LABEL}=", container, image.tag())


def remove_copy(image: Copy) -> None:
    """Remove the image of copied hosts, if there is one. No container may use it."""
    podman.run("rmi", "--ignore", image.tag())


def remove_all() -> None:
    """Remove every image of the lab and the files of a killed build."""
    _clear_leftovers()
    for image in _lab_images():
        podman.run("rmi", "--force", image["Id"])


def _lab_images() -> list[dict[str, Any]]:
    """Return the lab's images as podman lists them. A killed import leaves an image without a name, found by its label."""
    return [
        image
        for image in podman.list_images()
        if (image.get("Labels") or {}).get(IMAGE_LABEL)
        or any(name.startswith(IMAGE_PREFIX) for name in image.get("Names") or [])
    ]


def _build_folder() -> pathlib.Path:
    return home() / "build"


def _clear_leftovers() -> None:
    """Remove the files of a killed build. Raises LabError when something is mounted there; mmdebstrap uses its own namespace."""
    folder = _build_folder()
    if not folder.exists():
        return
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        if any(line.split()[4].startswith(f"{folder}/") for line in mounts):
            raise LabError(f"A killed build has left a mount below {folder}. Unmount it and try again.")
    shutil.rmtree(folder)


def _machine_sources() -> list[tuple[str, str, str]]:
    """Return this machine's package sources whose origin is Debian: (address, suite, component). Raises LabError without any."""
    form = "$(ORIGIN)|$(REPO_URI)|$(CODENAME)|$(COMPONENT)"

    def ask() -> list[tuple[str, str, str]]:
        output = subprocess.run(
            ["apt-get", "indextargets", "--format", form, "Identifier: Packages"],
            check=True, capture_output=True, text=True,
        ).stdout
        fields = [line.split("|") for line in output.splitlines()]
        return sorted({(f[1], f[2], f[3]) for f in fields if len(f) == 4 and f[0] == "Debian" and f[3] == "main"})

    found = ask()
    if not found:
        say("Reading the package lists of this machine (apt-get update) ...")
        subprocess.run(["apt-get", "update", "--quiet"], check=False, capture_output=True)
        found = ask()
    if not found:
        raise LabError(
            "The lab builds its hosts from the Debian package sources of this machine, but apt has no such source. "
            "Check /etc/apt/sources.list and /etc/apt/sources.list.d, then run apt-get update."
        )
    return found


def _machine_options() -> list[str]:
    """Return the options with which apt reaches its sources, such as a proxy or a CA; mmdebstrap does not read them itself."""
    dump = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout
    wanted = ("Acquire::http::", "Acquire::https::", "Acquire::Check-Valid-Until")
    return [f"--aptopt={line}" for line in dump.splitlines() if line.startswith(wanted)]


def lines_for(suite: str, sources: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return the lines of sources.list for a Debian release, from the sources of a machine that may run another release.

    `bookworm-security` becomes `trixie-security`; other sources (backports, proposed updates) are left out.
    """
    lines = []
    for address, codename, component in sources:
        extension = codename.partition("-")[2]
        if extension in ("", "updates", "security"):
            name = f"{suite}-{extension}" if extension else suite
            lines.append(f"deb {address} {name} {component}")
    return list(dict.fromkeys(lines))


def _build(image: Image, sources: list[tuple[str, str, str]], options: list[str], build_lock: int) -> None:
    """Build one image. A kill leaves a folder that the next build removes; a finished image has its name.

    mmdebstrap inherits the build lock (`build_lock` is the file descriptor), so that the next build waits for its end.
    """
    start = time.monotonic()
    folder = _build_folder() / image.name
    folder.mkdir(parents=True)
    tar = folder / "root.tar"
    logins = shlex.join([str(SHARED / "images" / "logins.sh")]) + f' "$1" {OPS} {ADMIN}'
    repository = shlex.join([str(SHARED / "images" / "package-repository.sh")]) + ' "$1" ' + shlex.join(image.carries)
    command = [
        # When this process ends, even by SIGKILL, the kernel kills unshare, and with it every process in its PID namespace.
        "setpriv", "--pdeathsig", "KILL", "--", "unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--",
        "mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--quiet",
        f"--include={','.join(image.include)}", '--aptopt=Acquire::Languages "none"', "--dpkgopt=force-unsafe-io",
        f"--keyring={_KEYRINGS}", *options, "--skip=cleanup/apt",
        f"--customize-hook={logins}", f"--customize-hook={repository}",
        image.suite, str(tar), *lines_for(image.suite, sources),
    ]
    if image.requirements:
        wheels = python_packages.wheels(image.requirements, folder / "wheels")
        script = shlex.join([str(SHARED / "images" / "python-packages.sh")])
        command.insert(command.index(image.suite), f'--customize-hook={script} "$1" {shlex.join([str(wheels), image.venv])}')
    with (folder / "log").open("w+") as log:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, pass_fds=[build_lock],
            env={**podman.environment(), "TMPDIR": str(folder), "DEBIAN_FRONTEND": "noninteractive"},
        )
        if done.returncode != 0:
            log.seek(0)
            raise LabError(
                f"mmdebstrap did not build the image {image.name} (Debian {image.suite}):\n"
                + "".join(log.readlines()[-15:])
            )
    podman.run("import", "--quiet", "--change", f"LABEL {IMAGE_LABEL}={image.name}", str(tar), image.tag())
    try:
        shutil.rmtree(folder)
    except OSError as error:
        warn(f"Cannot remove the build folder {folder} ({error}); the next build tries again.")
    say(f"Built the image {image.name} in {time.monotonic() - start:.0f} s.")
