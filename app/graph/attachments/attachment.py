"""Files of credentials in the graph."""

from datetime import datetime
from typing import Any

from app.access import Scope
from app.credentials import queries
from app.credentials.files import attachments, uploads
from app.credentials.files.tables import AttachmentSide, AttachmentStatus
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, node
from app.graph.dsl.types import enum, output, scalar
from app.graph.node import Node
from app.graph.references import CREDENTIAL, VERSION
from app.signing.signed_urls import Address

READ: dict[str, Any] = {"scope": Scope.CREDENTIALS_READ, "own": True}

enum(
    AttachmentSide,
    FRONT="Its front; there is one.",
    BACK="Its back; there is one.",
    OTHER="Anything else about it.",
)
enum(
    AttachmentStatus,
    EXPECTED="An address to send it to was given, and it did not come yet.",
    WAITING="It came, and is handed in when the credential is submitted.",
    ATTACHED="It belongs to a version.",
)


@output
class AttachmentDownload:
    """Where a file can be had for a short while, without a key."""

    url: str = scalar("The address. It gives the file, or leads on to where the file lies.")
    expires_at: datetime = scalar("Until when it is good.")


def _download(attachment: Any, _found: None, context: Context) -> Address | None:
    return uploads.download(context.files, attachment, context.origin, context.database.clock())


@node(queries.attachment_by_id, **READ)
class Attachment(Node):
    """A file that shows a credential: an image or a PDF."""

    side: AttachmentSide = scalar("What of the credential it shows.")
    file_name: str = scalar("The name that it came with.")
    status: AttachmentStatus = scalar("How far it is.", derived=attachments.status, reads=attachments.STATUS_READS)
    media_type: str | None = scalar("What it is by its content, such as `image/png`; null until it came.")
    size: int | None = scalar("Its size in bytes; null until it came.")
    sha256: str | None = scalar("The SHA-256 digest of its bytes, in hexadecimal; null until it came.")
    uploaded_at: datetime | None = scalar("When it came; null until then.")
    download: AttachmentDownload | None = edge(
        None,
        "Where it can be had; null until it came.",
        key="id",
        value=_download,
        reads=("organization_id", "id", "uploaded_at"),
        **READ,
    )
    version: VERSION | None = edge(
        queries.version_by_id, "The version that it belongs to; null until it is handed in.", key="version_id", **READ
    )
    credential: CREDENTIAL | None = edge(queries.by_id, "The credential.", key="credential_id", **READ)
    created_by: str = scalar("The id of the key or person that announced it.")
    created_by_name: str = scalar("Their name at the time.")
    created_at: datetime = scalar("When it was announced.")
