"""Facts that people enter about themselves: what they wait for before they count. Pure.

| approvals | the type's approval | the type's registry | what a change waits for |
|-----------|---------------------|---------------------|-------------------------|
| on        | required            | any                 | a decision              |
| on        | not required        | none                | a decision              |
| any       | not required or off | one                 | a check, or a decision  |
| off       | any                 | none                | nothing                 |

A change never overwrites a version that counts: it becomes a new version, and what stood before keeps standing for its
own dates. A credential that people add for themselves waits for a decision likewise. What is submitted on request waits
if its type needs approval or has a registry, and after a rejection as a change does.
"""

from app.access import Actor
from app.credential_types.tables import CredentialType
from app.credentials.tables import EFFECTIVE_APPROVALS, Credential, CredentialVersion
from app.organizations import settings
from app.organizations.tables import Organization


def is_own(actor: Actor, credential: Credential, organization: Organization) -> bool:
    """Return True if the credential is the actor's own, so that somebody else has to confirm what they enter."""
    return actor.only_self or settings.review_policy(organization, actor.worker_id).is_own(credential.worker_id)


def waits(organization: Organization, credential_type: CredentialType) -> bool:
    """Return True if what people enter about themselves waits for a decision or a check."""
    return organization.approvals_enabled or credential_type.verification_source is not None


def waits_for_decision(organization: Organization, credential_type: CredentialType) -> bool:
    """Return True if only a decision confirms what people enter about themselves."""
    return waits(organization, credential_type) and not waits_for_check(organization, credential_type)


def waits_for_check(organization: Organization, credential_type: CredentialType) -> bool:
    """Return True if a check by the registry is enough to confirm what people enter about themselves."""
    decides = organization.approvals_enabled and credential_type.approval_required
    return credential_type.verification_source is not None and not decides


def needs_new_version(version: CredentialVersion, organization: Organization, credential_type: CredentialType) -> bool:
    """Return True if a person's change of this version of their own credential becomes a new version."""
    return version.approval in EFFECTIVE_APPROVALS and waits(organization, credential_type)
