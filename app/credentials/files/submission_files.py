"""The files that are handed in with the answer to a request.

What waits goes to the version that the answer writes, in the place of a file of the same side. The other files of the
last answer are taken over, as its facts are: after a rejection only what was wrong has to be sent anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.access import Actor
from app.core import ids
from app.core.errors import NotFound, Refused, TooMany, gathering
from app.core.fields import Changes, Given
from app.credential_types.tables import CredentialType
from app.credentials.files import version_files
from app.credentials.files.tables import Attachment, AttachmentSide
from app.credentials.files.version_files import PATH
from app.credentials.tables import Credential, CredentialVersion
from app.db import bulk, row_access
from app.db.database import Session


@dataclass(frozen=True)
class Answer:
    """The files of an answer."""

    new: Sequence[Attachment]
    """What waited."""
    before: Sequence[Attachment]
    """What the last answer has."""
    kept: Sequence[Attachment]
    """What of that is taken over, since nothing new takes its place."""


async def read(session: Session, actor: Actor, credential: Credential, kind: CredentialType, given: Given) -> Answer:
    """The files that an answer is to have. Raises Refused where the type requires others."""
    waiting = await version_files.of_version(session, credential, None)
    named = given.get(PATH)
    new = waiting if named is None else await _named(session, actor, waiting, named)
    sides = {row.side for row in new} - {AttachmentSide.OTHER}
    before = await version_files.of_last_answer(session, credential)
    kept = [row for row in before if row.side not in sides]
    sides |= {row.side for row in kept}
    errors = version_files.lacking(kind, sides)
    for row in new:
        with gathering(errors):
            # The type may have changed since the file came.
            version_files.check_supported(kind, row.side, PATH)
    if len(kept) + len(new) > version_files.MOST_FILES:
        message = f"{PATH}: a version has no more than {version_files.MOST_FILES} files, also those that are taken over"
        errors.append(TooMany(message, (PATH,), limit=version_files.MOST_FILES))
    if errors:
        raise Refused(errors)
    return Answer(new, before, kept)


async def write(session: Session, actor: Actor, version: CredentialVersion, answer: Answer) -> Changes:
    """Give a version the files of an answer."""
    has = [row.label for row in (*answer.kept, *answer.new)]
    await session.flush()  # the version is there before what refers to it
    for row in [row for row in answer.kept if row.version_id != version.id]:
        copied = row.model_dump() | {
            "id": ids.new(Attachment.prefix),
            "version_id": version.id,
            "attached_at": session.now,
        }
        session.add(Attachment(**copied))
    for row in answer.new:
        row.version_id, row.attached_at = version.id, session.now
    version_files.note(session, actor, version, [], has)
    return version_files.media_files([row.label for row in answer.before], has)


async def _named(
    session: Session, actor: Actor, waiting: Sequence[Attachment], keys: Sequence[str]
) -> list[Attachment]:
    bulk.check_length(keys, PATH, version_files.MOST_FILES)
    found = []
    for index, key in enumerate(dict.fromkeys(keys)):
        path = (PATH, str(index))
        row = await row_access.find(session, actor, Attachment, key, path)
        if row not in waiting:
            raise NotFound(f"{'.'.join(path)}: the attachment {key} does not wait to be handed in here", path)
        found.append(row)
    return found
