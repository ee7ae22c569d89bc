"""Mutations that upload and delete files of credentials."""

from datetime import datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.credentials.files import attachments, uploads
from app.credentials.files.attachments import Expected
from app.credentials.files.tables import AttachmentSide
from app.graph.attachments.attachment import Attachment
from app.graph.credentials.credential import CREDENTIAL_PAYLOAD
from app.graph.dsl.context import Context
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar

WRITE_OWN: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE, "own": True}


@input
class AttachmentUploadCreateInput(MutationInput):
    """The credential, and the file to upload for it."""

    credential: strawberry.ID = member("The credential's id.", default=...)
    side: AttachmentSide = member("The side of the credential that the file shows.", default=...)
    file_name: str = member(
        "The file's name, up to 150 characters. An ending that does not fit the content is replaced.", default=...
    )


@input
class AttachmentUploadCompleteInput(MutationInput):
    """The file whose upload is complete."""

    id: strawberry.ID = member("The attachment's id.", default=...)


@input
class AttachmentDeleteInput(ByIdInput):
    """The file to delete. `expectedRevision` is the revision of the credential."""


@output
class AttachmentUpload:
    """A temporary upload URL. It requires no API key, and accepts one file."""

    url: str = scalar("The URL to send the file to.")
    method: str = scalar("The HTTP method to use, `PUT`. The request body is the file's unmodified content.")
    expires_at: datetime = scalar("The time the URL expires.")


async def _issue_upload_url(context: Context, actor: Actor, expected: Expected) -> dict[str, Any]:
    attachment, upload = await uploads.issue_upload_url(
        context.database, context.files, actor, expected, context.origin, context.request_id
    )
    return {"attachment": attachment, "upload": upload}


async def _complete(context: Context, actor: Actor, expected: Expected) -> Any:
    return await uploads.complete(context.database, context.files, actor, expected, context.request_id)


MUTATIONS = [
    mutation(
        "attachmentUploadCreate",
        attachments.expect,
        AttachmentUploadCreateInput,
        "Create an upload URL for a PNG, JPEG, GIF, WEBP or HEIC image, or a PDF. Nothing is attached "
        "until the file is uploaded. The file is then attached to the credential's latest version, which "
        "must be decided again if it was already decided. While the credential is requested, the file "
        "waits for `credentialSubmit` instead.",
        after_commit=_issue_upload_url,
        **WRITE_OWN,
        attachment=(Attachment, "The expected file; null if refused."),
        upload=(AttachmentUpload, "The upload URL."),
    ),
    mutation(
        "attachmentUploadComplete",
        attachments.find,
        AttachmentUploadCompleteInput,
        "Report that a file was uploaded. Always call this after an upload. If files are uploaded "
        "directly to a separate file store, the service now checks and attaches the file. A file "
        "uploaded through the service is already attached, and this call has no further effect.",
        after_commit=_complete,
        **WRITE_OWN,
        attachment=(Attachment, "The file after the mutation; null if refused."),
    ),
    mutation(
        "attachmentDelete",
        attachments.remove,
        AttachmentDeleteInput,
        "Delete a file from a credential's latest version, which must be decided again if it was already "
        "decided. Files that wait for submission or are still expected can be deleted too. The content "
        "is removed from the file store shortly after.",
        **WRITE_OWN,
        deleted_id=(strawberry.ID, "The id of the deleted file; null if refused."),
        **CREDENTIAL_PAYLOAD,
    ),
]
