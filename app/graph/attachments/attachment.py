"""The `Attachment` type: the files of credentials."""

from datetime import datetime
from typing import Any

from app.access import Scope
from app.credentials import queries
from app.credentials.files import attachments, uploads
from app.credentials.files import queries as files
from app.credentials.files.tables import AttachmentSide, AttachmentStatus
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, node
from app.graph.dsl.types import enum, output, scalar
from app.graph.node import Node
from app.graph.type_references import CREDENTIAL, VERSION
from app.signing.signed_urls import SignedUrl

READ: dict[str, Any] = {"scope": Scope.CREDENTIALS_READ, "own": True}

enum(
    AttachmentSide,
    FRONT="The front; at most one file per version.",
    BACK="The back; at most one file per version.",
    OTHER="Any other supporting file.",
)
enum(
    AttachmentStatus,
    EXPECTED="An upload URL was issued, and no file has been uploaded yet.",
    WAITING="The file was uploaded, and is attached when the credential is submitted.",
    ATTACHED="The file belongs to a version.",
)


@output
class AttachmentDownload:
    """A temporary download URL for a file. It requires no API key."""

    url: str = scalar("The URL. It returns the file or redirects to the file store.")
    expires_at: datetime = scalar("The time the URL expires.")


def _download(attachment: Any, _target: None, context: Context) -> SignedUrl | None:
    return uploads.download_url(context.files, context.actor, attachment, context.origin, context.database.clock())


@node(files.by_id, **READ)
class Attachment(Node):
    """A file of a credential: an image or a PDF."""

    side: AttachmentSide = scalar("The side of the credential that the file shows.")
    file_name: str = scalar("The file's name, as sent; once it is uploaded, with an ending that fits its content.")
    status: AttachmentStatus = scalar(
        "The progress of the file, from expected to attached.",
        derived=attachments.status,
        reads=attachments.STATUS_READS,
    )
    media_type: str | None = scalar(
        "The media type, detected from the content, such as `image/png`; null until uploaded."
    )
    size: int | None = scalar("The size in bytes; null until uploaded.")
    sha256: str | None = scalar("The SHA-256 digest of the content, in hexadecimal; null until uploaded.")
    uploaded_at: datetime | None = scalar("The time of the upload; null until uploaded.")
    download: AttachmentDownload | None = edge(
        None,
        "A temporary download URL; null until uploaded.",
        key="id",
        value=_download,
        reads=("organization_id", "id", "uploaded_at"),
        **READ,
    )
    version: VERSION | None = edge(
        queries.version_by_id,
        "The version that the file belongs to; null until the file is attached.",
        key="version_id",
        **READ,
    )
    credential: CREDENTIAL | None = edge(queries.by_id, "The file's credential.", key="credential_id", **READ)
    created_by: str = scalar("The id of the API key or person that created the upload.")
    created_by_name: str = scalar("The name of the API key or person at that time.")
    created_at: datetime = scalar("The time the upload was created.")
