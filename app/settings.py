"""Every setting of the service, read once from the environment (`CREDGRAPH_…` and `DATABASE_URL`)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


@dataclass(frozen=True)
class Limits:
    """The limits on one operation, as `CREDGRAPH_MAX_TOKENS`. `graph/execution/limits.py` checks them."""

    tokens: int = 4_000
    depth: int = 20
    siblings: int = 100
    """Selections in one selection set."""
    fields: int = 1_000
    """Fields of an operation. A fragment's fields count at every spread."""
    cost: int = 50_000
    """Records that an operation can return at most, by its page sizes."""
    cost_fields: int = 250_000
    """Fields of all these records together."""
    characters: int = 50_000
    """Length of the text. Longer values belong into variables."""
    values: int = 500
    """Literal values in one field's arguments or in one variable's default."""
    errors: int = 10
    """Errors after which validation stops. Each error quotes the document."""


class Settings(BaseSettings):
    """The settings of an installation. The variable of each is its name in capitals, prefixed with CREDGRAPH_."""

    model_config = SettingsConfigDict(
        env_prefix="CREDGRAPH_",
        # CREDGRAPH_MAX_COST_FIELDS sets `cost_fields` of `max`: only the first underscore separates.
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    """`postgresql://…` or `sqlite:///file`; a file in `data` if empty."""
    database_connections: int = 20
    """The maximum number of database connections of each process."""
    sqlite_synchronous: Literal["FULL", "NORMAL"] = "FULL"
    """The durability of an SQLite file. With FULL each change is on the disk before it is answered. With NORMAL
    changes are faster, and a loss of power may take the last ones."""
    data: Path = Path(__file__).parent.parent / ".data"
    """The folder for all files that the service writes itself."""
    secret: str = ""
    """The secret that signs cursors and temporary URLs: at least 32 characters, the same for all processes. Generated
    and stored in `data` if empty."""

    key_seconds: int = 5
    """Seconds for which a process caches an API key: a key revoked by another process works for at most that long."""

    allowed_origins: tuple[str, ...] = ()
    """Origins whose pages may call the service from a browser, as a JSON list: `["https://app.example"]`."""
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    """The hosts by which clients reach the service, as a JSON list, each for any port or with one. Temporary URLs
    begin with the host of the request if it is among them, else with the server's own address; with `public_url`, they
    begin with that."""
    body_bytes: int = 1_000_000
    """The maximum size of a request body."""
    max: Limits = Limits()

    public_url: str = ""
    """The URL by which clients reach the service, such as `https://credgraph.example`. The temporary URLs of files and
    evidence packs start with it; if empty, with the URL of the request (see `allowed_hosts`)."""
    files: str = ""
    """The store of files: a folder, or `s3://bucket/prefix`; the folder `files` in `data` if empty."""
    file_bytes: int = 15_000_000
    """The maximum size of a file."""
    file_minutes: int = Field(default=15, ge=1, le=30)
    """Minutes for which the temporary URL of a file or of an evidence pack is valid."""
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    """The connection to the S3 service. Empty values come from AWS's own variables or the machine's role."""

    signing_key: Path | None = None
    """A PEM file with the Ed25519 private key that signs evidence packs, the same for all processes; generated and
    stored in `data` if empty."""
    former_keys: Path | None = None
    """A JSON Web Key Set of public keys that signed evidence packs before; they are published with the current one."""

    registries: Path | None = None
    """A JSON file that describes registries by name (see `registries/http.py`); without it a person decides."""

    jwt_issuer: str = ""
    """The OIDC issuer whose tokens are accepted; none if empty."""
    jwt_audience: str = ""
    """The audience that a token must name; required with an issuer."""
    jwt_jwks: str = ""
    """The location of the issuer's keys: an https URL or a file."""
    jwt_organization_claim: str = "organization"
    """The claim that holds the organization's id."""
    jwt_roles_claim: str = "roles"
    """The claim that holds the names of roles."""
    jwt_worker_claim: str = "worker"
    """The claim that holds the worker's id or external id."""
    jwt_source_system_claim: str = "source_system"
    """The claim that holds the source system of the worker's external id; needed if several systems use the id."""
    jwt_name_claim: str = "name"
    """The claim that holds the person's name."""

    def database(self) -> str:
        """Return the URL of the database."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'credgraph.sqlite'}"

    def signing_key_file(self) -> Path:
        """Return the file of the private key."""
        return self.signing_key or self.data / "signing-key.pem"

    def file_store(self) -> str:
        """Return the folder or bucket that stores files."""
        return self.files or str(self.data.absolute() / "files")

    def secret_file(self) -> Path:
        """Return the file of the generated secret."""
        return self.data / "secret"
