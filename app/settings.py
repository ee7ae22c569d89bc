"""Every setting of the service, read once from the environment (`CREDGRAPH_…` and `DATABASE_URL`)."""

import secrets
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation can choose. Each name, in capitals with the prefix CREDGRAPH_, is a variable."""

    model_config = SettingsConfigDict(env_prefix="CREDGRAPH_", frozen=True, extra="ignore", populate_by_name=True)

    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    """`postgresql://…` or `sqlite:///file`; a file in `data` when empty."""
    database_connections: int = 20
    """Connections to the database at most, for each process."""
    data: Path = Path(__file__).parent.parent / ".data"
    """The folder of all that the service writes itself."""
    secret: str = ""
    """Signs cursors; at least 32 characters, the same for all processes. Kept in `data` when empty."""

    key_seconds: int = 5
    """How long a process remembers whose an API key is: one that another process revokes works no longer than that."""

    allowed_origins: tuple[str, ...] = ()
    """Origins whose pages may call the service from a browser, as a JSON list: `["https://app.example"]`."""
    body_bytes: int = 1_000_000
    """The largest request body."""
    max_tokens: int = 4_000
    max_depth: int = 20
    max_siblings: int = 100
    max_fields: int = 1_000
    max_cost: int = 50_000
    max_cost_fields: int = 250_000
    max_characters: int = 50_000
    max_values: int = 500
    max_errors: int = 10
    """The most that one operation may ask (see `graph/execution/limits.py`)."""

    public_url: str = ""
    """The address by which clients reach the service, such as `https://credgraph.example`, for the addresses of files
    and evidence packs that it gives them; as each request says when empty."""
    files: str = ""
    """Where files are kept: a folder, or `s3://bucket/prefix`; the folder `files` in `data` when empty."""
    file_bytes: int = 15_000_000
    """The largest file."""
    file_minutes: int = Field(default=15, ge=1, le=30)
    """How long the address of a file, or of an evidence pack, is good."""
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    """How the S3 service is reached; what is empty is as AWS's own variables say, or the machine's role."""

    signing_key: Path | None = None
    """A file with the Ed25519 private key in PEM that signs evidence packs, the same for all processes; made and kept
    in `data` when empty."""
    former_keys: Path | None = None
    """A JSON Web Key Set of the public keys that signed before, which are given out too."""

    registries: Path | None = None
    """A JSON file that describes registries by name (see `registries/http.py`); without it a person decides."""

    jwt_issuer: str = ""
    """The OIDC issuer whose tokens are accepted; none when empty."""
    jwt_audience: str = ""
    """The audience that a token must name. Needed with an issuer."""
    jwt_jwks: str = ""
    """Where the issuer's keys are: an https address, or a file."""
    jwt_organization_claim: str = "organization"
    """The claim with the organization's id."""
    jwt_roles_claim: str = "roles"
    """The claim with the names of roles."""
    jwt_worker_claim: str = "worker"
    """The claim with the worker's id, or their external id."""
    jwt_name_claim: str = "name"
    """The claim with the person's name."""

    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'credgraph.sqlite'}"

    def signing_key_file(self) -> Path:
        """Where the private key is."""
        return self.signing_key or self.data / "signing-key.pem"

    def file_place(self) -> str:
        """Where files are kept."""
        return self.files or str(self.data.absolute() / "files")

    def signing_secret(self) -> str:
        """The signing secret; made and kept in `data` the first time, where none is set."""
        if self.secret:
            return self.secret
        file = self.data / "secret"
        if not file.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(48))
        return file.read_text()
