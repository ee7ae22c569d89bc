"""Sending and removing files of credentials: inputs, results and mutations."""

from datetime import datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.credentials.files import attachments, uploads
from app.credentials.files.attachments import Expected
from app.credentials.files.tables import AttachmentSide
from app.graph.attachments.attachment import Attachment
from app.graph.credentials.credential import Credential
from app.graph.dsl.context import Context
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar

WRITE_OWN: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE, "own": True}


@input
class AttachmentUploadCreateInput(MutationInput):
    """A file that is to be sent."""

    credential: strawberry.ID = member("The credential that it shows.", default=...)
    side: AttachmentSide = member("What of the credential it shows.", default=...)
    file_name: str = member("Its name, in up to 150 characters.", default=...)


@input
class AttachmentUploadCompleteInput(MutationInput):
    """A file that was sent."""

    id: strawberry.ID = member("The attachment.", default=...)


@input
class AttachmentDeleteInput(ByIdInput):
    """A file to remove. `expectedRevision` is the credential's."""


@output
class AttachmentUpload:
    """Where and how a file is to be sent. The address needs no key, and is good for one file."""

    url: str = scalar("The address.")
    method: str = scalar("The method of HTTP, `PUT`; the file's bytes are the body, as they are.")
    expires_at: datetime = scalar("Until when the address is good.")


async def _address(context: Context, _actor: Actor, expected: Expected) -> dict[str, Any]:
    attachment, upload = await uploads.address(
        context.database, context.files, expected, context.origin, context.request_id
    )
    return {"attachment": attachment, "upload": upload}


async def _complete(context: Context, actor: Actor, expected: Expected) -> Any:
    return await uploads.complete(context.database, context.files, actor, expected, context.request_id)


MUTATIONS = [
    mutation(
        "attachmentUploadCreate",
        attachments.expect,
        AttachmentUploadCreateInput,
        "Gives an address to send a file to: a PNG, JPEG, GIF, WEBP or HEIC image, or a PDF. Nothing is attached until "
        "it came. Then it belongs to the credential's latest version, which has to be decided again if it was; while "
        "the credential is requested, the file waits for `credentialSubmit`.",
        then=_address,
        **WRITE_OWN,
        attachment=(Attachment, "The file that is expected; null when refused."),
        upload=(AttachmentUpload, "Where and how it is to be sent."),
    ),
    mutation(
        "attachmentUploadComplete",
        attachments.find,
        AttachmentUploadCompleteInput,
        "Tells that a file was sent. Where files go straight to a store of their own, the service looks at it now and "
        "attaches it; what came through the service is attached already, and nothing more happens. Call it either way.",
        then=_complete,
        **WRITE_OWN,
        attachment=(Attachment, "The file as it is now; null when refused."),
    ),
    mutation(
        "attachmentDelete",
        attachments.remove,
        AttachmentDeleteInput,
        "Removes a file from the latest version of a credential, which has to be decided again if it was; or a file "
        "that waits to be handed in, or is expected. Its bytes are removed soon after.",
        **WRITE_OWN,
        deleted_id=(strawberry.ID, "The id of what was removed; null when refused."),
        credential=(Credential, "The credential as it is now; null when refused."),
    ),
]
