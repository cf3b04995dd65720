"""How Ansible reaches the lab's hosts: as containers.podman does, but with pipelining, as over ssh.

A task then is one call of podman instead of five, and a module, with the secrets that it is given, is never a file.
"""
from __future__ import annotations

from typing import Any

from ansible_collections.containers.podman.plugins.connection import podman

DOCUMENTATION = """
name: lab
short_description: A host of the lab
author: [catalog mail]
description:
  - Runs commands in a container by podman exec, and pipes modules into it.
options:
  remote_addr:
    description: The container.
    default: inventory_hostname
    vars: [{name: ansible_host}, {name: inventory_hostname}]
  remote_user:
    description: Who runs the commands there.
    vars: [{name: ansible_user}]
  podman_executable:
    description: The command.
    default: podman
  podman_extra_args:
    description: Its further words.
    default: ''
"""


class Connection(podman.Connection):
    """To one container, for one task."""

    transport = "lab"
    has_pipelining = True

    def _connect(self) -> None:
        """Nothing is held open, and the host's files are not mounted: most tasks copy none."""
        self._connected = True

    def _podman(
        self, cmd: Any, cmd_args: Any = None, in_data: bytes | None = None, use_container_id: bool = True
    ) -> tuple[int, bytes, bytes]:
        """As there, and what is piped in arrives."""
        if in_data is not None and cmd[0] == "exec":
            cmd = [*cmd, "--interactive"]
        done: tuple[int, bytes, bytes] = super()._podman(cmd, cmd_args, in_data, use_container_id)
        return done
