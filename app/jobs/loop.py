"""The loop that runs the jobs, in the server's process or in a process of its own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from app.attachments.storage import Storage
from app.db.database import Database
from app.jobs import remove_files, settle, take_over, verify
from app.registries.registry_set import RegistrySet

log = structlog.get_logger("jobs")

IDLE_SECONDS = 1.0
"""The pause after a run that found no work."""


async def run_once(database: Database, registries: RegistrySet, storage: Storage) -> int:
    """Do the work that is due now, and return the number of rows worked on."""
    done = await verify.run(database, registries)
    done += await take_over.run(database)
    done += await settle.run(database)
    return done + await remove_files.run(database, storage)


async def run_forever(database: Database, registries: RegistrySet, storage: Storage) -> None:
    """Run the jobs until cancelled. A failed run is logged, and the loop goes on."""
    while True:
        done = 0
        try:
            done = await run_once(database, registries, storage)
        except Exception:
            log.exception("turn failed")
        if not done:
            await asyncio.sleep(IDLE_SECONDS)


async def run_until_stopped(database: Database, registries: RegistrySet, storage: Storage) -> None:
    """Run the jobs until the process receives SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers; there, SIGINT ends asyncio.run.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with in_background(database, registries, storage):
        await stopped.wait()


@asynccontextmanager
async def in_background(database: Database, registries: RegistrySet, storage: Storage) -> AsyncIterator[None]:
    """Run the jobs in a task of their own while the body runs."""
    task = asyncio.create_task(run_forever(database, registries, storage))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
