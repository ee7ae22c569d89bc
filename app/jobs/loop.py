"""The loop that turns the jobs, beside the server or in a process of its own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from app.attachments.storage import Storage
from app.db.database import Database
from app.jobs import remove_files, settle, verify
from app.registries.registry_set import Sources

log = structlog.get_logger("jobs")

IDLE_SECONDS = 1.0


async def turn(database: Database, sources: Sources, storage: Storage) -> int:
    """Do what there is to do now; gives how much it was."""
    done = await verify.run(database, sources)
    done += await settle.run(database)
    return done + await remove_files.run(database, storage)


async def forever(database: Database, sources: Sources, storage: Storage) -> None:
    """Turn until cancelled. A turn that fails is logged, and the next one comes."""
    while True:
        done = 0
        try:
            done = await turn(database, sources, storage)
        except Exception:
            log.exception("turn failed")
        if not done:
            await asyncio.sleep(IDLE_SECONDS)


async def until_stopped(database: Database, sources: Sources, storage: Storage) -> None:
    """Turn until the process is asked to stop, by SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers; there, SIGINT ends asyncio.run.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with beside(database, sources, storage):
        await stopped.wait()


@asynccontextmanager
async def beside(database: Database, sources: Sources, storage: Storage) -> AsyncIterator[None]:
    """Turn while something else goes on."""
    task = asyncio.create_task(forever(database, sources, storage))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
