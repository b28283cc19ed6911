"""Clusters: where a scheduler is that hands tasks to workers."""

from __future__ import annotations

import re

from imgconv import errors
from imgconv.values.parameters import Kind

LOCAL = "local:"
_PLACE = re.compile(r"local:[1-9][0-9]{0,3}|(?:tcp|tls)://(?:[^\s/:@\[\]]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")


def _cluster(value: object) -> str:
    address = value.strip().rstrip("/") if isinstance(value, str) else ""
    if _PLACE.fullmatch(address) and (address.startswith(LOCAL) or host_and_port(address)[1] < 2**16):
        return address
    raise errors.not_a("cluster", value, "tcp://HOST:PORT, where a scheduler of Dask listens, or local:N workers here")


CLUSTER = Kind("ADDRESS", _cluster)


def local_workers(cluster: str) -> int | None:
    """The number of workers of `local:N`, None of an address."""
    return int(cluster.removeprefix(LOCAL)) if cluster.startswith(LOCAL) else None


def host_and_port(address: str) -> tuple[str, int]:
    """The host and the port of an address."""
    host, _, port = address.partition("://")[2].rpartition(":")
    return host.strip("[]"), int(port)
