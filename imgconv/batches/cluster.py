"""--cluster: workers of Dask's `distributed` as a crew, on other machines or in processes of this one."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Any

from imgconv import errors
from imgconv.batches.settings import Settings
from imgconv.batches.task import Crew
from imgconv.values.clusters import host_and_port, local_workers
from imgconv.values.frozen import replace

_CONNECT, _WAIT = 5.0, 10.0
"""Seconds for a connection to be made, and for a scheduler to answer and have a worker."""
_SAME = ("imgconv", "numpy", "pillow", "distributed", "dask")
"""Packages whose versions have to be the same on all sides."""
_SHARED = 2**16
"""Bytes of a run from which on it goes to the workers once, and not with every task."""
_ENDINGS = {
    "KilledWorker": "the workers that tried it died; perhaps they were out of memory (fewer threads take less)",
    "CancelledError": "the cluster gave it up; perhaps its scheduler has ended",
    "FutureCancelledError": "the cluster gave it up; perhaps its scheduler has ended",
}
"""What happened to a task that a cluster could not do, by the names of `distributed`."""


@contextlib.contextmanager
def crew(cluster: str, settings: Settings, count: int | None) -> Iterator[tuple[Crew, Settings]]:
    """The crew of a cluster, `count` images at a time (None: as many as its workers have threads), and the settings of
    each job: one thread, and no more memory than a worker has.

    Raises ImgconvError where the package is missing, nobody answers, there are no workers, or they have other versions.
    """
    with _quiet(), _client(cluster) as client:
        workers = _workers(client, cluster)
        _check_versions(client, cluster)
        threads = max(one["nthreads"] for one in workers.values())
        memory = _memory(client, workers, settings.reading.max_memory)
        width = count or sum(one["nthreads"] for one in workers.values())
        stated = replace(
            settings,
            threads=settings.threads or _threads(cluster),
            reading=replace(settings.reading, max_memory=int(memory)),
        )
        executor = _Tasks(client)
        try:
            yield Crew(executor, width, memory, sharing=threads, elsewhere=True), stated
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
        executor.shutdown()


def _threads(cluster: str) -> int:
    """The threads of each image: workers on other machines have a thread for each processor."""
    from imgconv.engine.processors import available

    count = local_workers(cluster)
    return 1 if count is None else max(1, available() // count)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """While it lasts, `distributed` logs nothing: what matters becomes a sentence."""
    logger = logging.getLogger("distributed")
    before = logger.level
    try:
        yield
    finally:
        logger.setLevel(before)


@contextlib.contextmanager
def _client(cluster: str) -> Iterator[Any]:
    """A client that is connected, to workers of its own or to those of a scheduler."""
    count = local_workers(cluster)
    try:
        import distributed

        if count is not None:
            import cryptography  # noqa: F401 (which Security.temporary() asks for)
    except ImportError as error:
        raise errors.UsageError(
            f"--cluster needs the package {error.name}, which is not installed; pip install 'imgconv[dask]'"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        try:
            if count is None:
                _require_listener(cluster)
                target: Any = cluster
            else:
                target = stack.enter_context(_local(count))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of other versions, which are refused below
                client = distributed.Client(target, timeout=_WAIT, set_as_default=False)
        except errors.ImgconvError:
            raise
        except Exception as error:  # of TLS, of sockets, of a protocol that is another one
            raise _no_cluster(cluster, str(error) or type(error).__name__) from None
        yield stack.enter_context(client)


def _local(count: int) -> Any:
    """Workers in processes of this machine, which only their own client can talk to."""
    import dask
    import distributed

    # as for workers of imgconv's own; `distributed` lets each image wait for its pages anew
    with dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**27}), _unwarned():
        return distributed.LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            security=True,  # else every user of this machine could send code
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """Processes that are started meanwhile do not warn of semaphores that an interrupted command left to the system."""
    before = list(sys.warnoptions)
    sys.warnoptions.append("ignore:resource_tracker:UserWarning")
    try:
        yield
    finally:
        sys.warnoptions[:] = before


def _require_listener(cluster: str) -> None:
    """Raises ImgconvError if nothing listens at an address; `distributed` would try for long and not say why."""
    try:
        socket.create_connection(host_and_port(cluster), timeout=_CONNECT).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise _no_cluster(cluster, getattr(error, "strerror", None) or str(error)) from None


def _no_cluster(cluster: str, why: str) -> errors.ImgconvError:
    return errors.ImgconvError(
        f"{cluster}: no scheduler of Dask answers ({why}); start one with 'dask scheduler' and workers with"
        " 'dask worker ADDRESS', or use workers of this machine: --cluster local:2"
    )


def _workers(client: Any, cluster: str) -> Mapping[str, Mapping[str, Any]]:
    """The workers by their addresses. Raises ImgconvError if there are none after a while."""
    with contextlib.suppress(TimeoutError):
        client.wait_for_workers(1, timeout=_WAIT)
    workers: Mapping[str, Mapping[str, Any]] = client.scheduler_info(n_workers=-1)["workers"]
    if not workers:
        raise errors.ImgconvError(f"{cluster}: the scheduler has no workers; start some with 'dask worker {cluster}'")
    return workers


def _check_versions(client: Any, cluster: str) -> None:
    """Raises ImgconvError for workers with other versions than this process has."""
    versions = client.get_versions(packages=_SAME)
    own = _relevant(versions["client"])
    for address, found in versions["workers"].items():
        other = _relevant(found)
        differing = [
            f"{name} {other[name]} (here {own[name]})" if other[name] else f"no {name}"
            for name in own
            if other[name] != own[name]
        ]
        if differing:
            raise errors.ImgconvError(
                f"{cluster}: the worker {address} has {', '.join(differing)}; install the same versions on the workers"
                " and here"
            )


def _relevant(versions: Mapping[str, Any]) -> dict[str, str | None]:
    """The versions that matter; of Python its first two numbers."""
    packages = versions.get("packages", {})
    python = ".".join(str(packages.get("python")).split(".")[:2])
    return {"Python": python, **{name: packages.get(name) for name in _SAME}}


def _memory(client: Any, workers: Mapping[str, Mapping[str, Any]], stated: int | None) -> float:
    """The bytes that the images of one worker may take: those that are stated, or a share of the worker's own."""
    from imgconv.engine.memory import SHARE, allowed_bytes

    if stated is not None:
        return float(stated)
    limits = [SHARE * one["memory_limit"] for one in workers.values() if one["memory_limit"]]
    unlimited = [address for address, one in workers.items() if not one["memory_limit"]]
    if unlimited:  # as much as their machines have, shared by those that are there
        hosts = [one["host"] for one in workers.values()]
        for address, allowed in client.run(allowed_bytes, workers=unlimited).items():
            limits.append(allowed / hosts.count(workers[address]["host"]))
    return float(min(limits))


class _Tasks(Executor):
    """A client as an executor of tasks: what all have in common is sent once, and a breakdown is a BrokenExecutor."""

    def __init__(self, client: Any) -> None:
        self._client, self._executor = client, client.get_executor(pure=False)
        self._common: dict[bytes, Any] = {}

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """A future of the function's result."""
        inner = self._executor.submit(function, *map(self._shared, arguments), **named)
        outer: Future[Any] = Future()
        outer.set_running_or_notify_cancel()
        inner.add_done_callback(lambda done: _hand_on(done, outer))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends it, once what is under way has ended unless futures are cancelled."""
        self._executor.shutdown(wait=wait and not cancel_futures)

    def _shared(self, argument: Any) -> Any:
        """An argument; a long one as the result of a task, which workers hand on to each other and can make again."""
        if not isinstance(argument, bytes) or len(argument) < _SHARED:
            return argument
        if argument not in self._common:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it is large
                self._common[argument] = self._client.submit(_as_it_is, argument)
        return self._common[argument]


def _as_it_is(value: bytes) -> bytes:
    return value


def _hand_on(done: Future[Any], outer: Future[Any]) -> None:
    """Gives a future the result of another, or its exception; one of the cluster's own in words."""
    try:
        outer.set_result(done.result())
    except errors.ImgconvError as error:
        outer.set_exception(error)
    except (Exception, CancelledError) as error:
        name = type(error).__name__
        own = name in _ENDINGS or type(error).__module__.startswith("distributed")
        outer.set_exception(BrokenExecutor(_ENDINGS.get(name) or str(error) or name) if own else error)
