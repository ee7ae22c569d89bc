"""An S3 server on free ports, with its data in a temporary folder."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.settings import Settings
from tests.ports import free_ports

PORTS = (
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"),
    *("s3.port", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance"),
)
ACCESS, SECRET, REGION = "access", "a secret of the store", "us-east-1"
START_SECONDS = 60


@contextmanager
def running_server() -> Iterator[str]:
    """Run a new, empty server; yield its URL. A bucket is created by the first object put into it."""
    with tempfile.TemporaryDirectory(prefix="credgraph-s3-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        (home / "data").mkdir()
        identity = {"name": "test", "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}], "actions": ["Admin"]}
        (home / "s3.json").write_text(json.dumps({"identities": [identity]}))
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        command: list[str | Path] = [
            *(Path(sys.prefix, "bin", "weed"), "server", f"-dir={home / 'data'}", "-ip=127.0.0.1"),
            *("-ip.bind=127.0.0.1", "-s3", "-iam=false", f"-s3.config={home / 's3.json'}"),
            *("-master.telemetry=false", "-volume.max=8", "-master.volumeSizeLimitMB=64"),
            *(f"-{option}={port}" for option, port in ports.items()),
        ]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{ports['s3.port']}"
            _wait(process, url, home / "log")
            yield url
        finally:
            process.kill()
            process.wait()


def s3_settings(settings: Settings, url: str, location: str) -> Settings:
    """Return settings that keep files at a location, `s3://bucket/prefix`."""
    keys = {"s3_endpoint": url, "s3_region": REGION, "s3_access_key": ACCESS, "s3_secret_key": SECRET}
    return settings.model_copy(update={"files": location, **keys})


def stored_keys(url: str, location: str) -> list[str]:
    """Return the keys of all objects at a location, `s3://bucket/prefix`."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return [item["path"] for page in obstore.list(_bucket(url, bucket), prefix) for item in page]


def _bucket(url: str, name: str) -> S3Store:
    return S3Store(
        name,
        endpoint=url,
        region=REGION,
        access_key_id=ACCESS,
        secret_access_key=SECRET,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    store = _bucket(url, "probe")
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            obstore.put(store, "probe", b"probe")
        except BaseError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        else:
            return
