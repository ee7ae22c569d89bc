"""Descriptions of the domain's enums for the schema."""

from app.access import ActorKind, Role, Scope
from app.compliance.evaluation.facts import CellStatus
from app.compliance.rollups.clearance import ClearanceReasonCode
from app.compliance.tables import RaisedBy, RequirementLevel, RequirementSeverity, RuleScope
from app.credential_types.tables import CreationPolicy, CredentialCategory, CredentialMetadata
from app.credentials.bulk_review import ReviewStatus
from app.credentials.ownership import OwnershipStatus
from app.credentials.tables import ApprovalStatus, IntakeStatus, OwnerType, Validity, VerificationStatus, VersionField
from app.credentials.verification.tables import VerificationOutcome, VerificationTrigger
from app.events.event_kinds import EventKind
from app.graph.dsl.types import enum
from app.organizations.tables import ApprovalFinality, OrgUnitType
from app.registries.findings import Eligibility, StatusDetail
from app.workers.bulk_upsert import RehirePolicy, UpsertStatus
from app.workers.tables import EmploymentStatus, InvitationState, Standing, WorkerType

enum(
    Scope,
    WORKERS_READ="Read workers, applicants and org units.",
    WORKERS_WRITE="Create, update and delete workers and applicants.",
    CREDENTIALS_READ="Read credentials and their versions.",
    CREDENTIALS_WRITE="Create, update and delete credentials.",
    CREDENTIALS_REVIEW="Approve and reject versions.",
    CREDENTIALS_VERIFY="Run checks with registries.",
    CREDENTIALS_PURGE="Remove credentials permanently.",
    CONTRACTORS_MANAGE="Archive credentials of contractors' workers.",
    TYPES_WRITE="Create, update and archive credential types.",
    REQUIREMENTS_WRITE="Manage requirement rules, exemptions and positions.",
    COMPLIANCE_READ="Read compliance roll-ups, gaps and clearance.",
    WEBHOOKS_MANAGE="Manage webhooks.",
    IMPORTS_WRITE="Import spreadsheets.",
    EXPORTS_READ="Export spreadsheets.",
    AUDIT_READ="Read the event log.",
    KEYS_MANAGE="Create, rotate and revoke API keys.",
    ORGANIZATION_MANAGE="Update the settings and org units.",
    SELF_CREDENTIALS="Read and submit one's own credentials, as a worker.",
)
enum(
    Role,
    OWNER="Has every permission.",
    ADMIN="Has every permission except purging and updating the organization's settings.",
    REVIEWER="Reads people, and edits, reviews and verifies credentials.",
    INTEGRATION="Synchronizes people and credentials from another system.",
    AUDITOR="Reads everything and changes nothing.",
    WORKER="Reads and submits their own credentials.",
)
enum(
    ActorKind,
    SERVICE="A program with an API key.",
    PERSON="A person who signed in with an identity provider.",
    SYSTEM="The service itself.",
)
enum(
    EventKind,
    ORGANIZATION_CREATED="An organization was created.",
    ORGANIZATION_UPDATED="An organization's settings were updated.",
    ORG_UNIT_CREATED="An org unit was created.",
    ORG_UNIT_UPDATED="An org unit was updated or moved.",
    ORG_UNIT_DELETED="An org unit was deleted.",
    API_KEY_CREATED="An API key was created.",
    API_KEY_ROTATED="An API key was rotated: its secret was replaced.",
    API_KEY_REVOKED="An API key was revoked.",
    WORKER_CREATED="A worker was created.",
    WORKER_UPDATED="A worker was updated.",
    WORKER_DELETED="A worker was deleted.",
    WORKER_RESTORED="A deleted worker was restored.",
    APPLICANT_CREATED="An applicant was created.",
    APPLICANT_UPDATED="An applicant was updated.",
    APPLICANT_DELETED="An applicant was deleted.",
    APPLICANT_RESTORED="A deleted applicant was restored.",
    CREDENTIAL_TYPE_CREATED="A credential type was created.",
    CREDENTIAL_TYPE_UPDATED="A credential type was updated.",
    CREDENTIAL_TYPE_ARCHIVED="A credential type was archived.",
    CREDENTIAL_TYPE_RESTORED="A credential type was restored from the archive.",
    CREDENTIAL_ADDED="A credential was created.",
    CREDENTIAL_UPDATED="A credential was updated.",
    CREDENTIAL_VERSION_ADDED="A version was added to a credential.",
    CREDENTIAL_SUBMITTED="A worker submitted a requested credential.",
    CREDENTIAL_APPROVED="A version of a credential was approved.",
    CREDENTIAL_REJECTED="A version of a credential was rejected.",
    CREDENTIAL_VERIFIED="A credential was checked with a registry, or a check was resolved.",
    CREDENTIAL_LINKED="A credential was linked to another owner.",
    CREDENTIAL_UNLINKED="An owner was removed from a credential.",
    CREDENTIAL_TRANSFERRED="A credential was transferred to another owner.",
    CREDENTIAL_ARCHIVED="A credential was archived.",
    CREDENTIAL_RESTORED="A credential was restored from the archive.",
    CREDENTIAL_PURGED="A credential was removed permanently.",
    CREDENTIAL_DELETED="A credential was deleted.",
    CREDENTIAL_UNDELETED="The deletion of a credential was undone.",
    POSITION_CREATED="A position was created.",
    POSITION_UPDATED="A position was updated.",
    POSITION_ARCHIVED="A position was archived.",
    POSITION_RESTORED="A position was restored from the archive.",
    POSITION_ASSIGNED="A worker was assigned to a position.",
    POSITION_UNASSIGNED="An assignment to a position was ended or removed.",
    REQUIREMENT_CHANGED="A requirement rule was created, updated or deleted.",
    EXEMPTION_GRANTED="A worker was exempted from a rule or a credential type.",
    EXEMPTION_REVOKED="An exemption was revoked.",
    REQUEST_CREATED="A credential was requested from a worker.",
    REQUEST_REMINDED="A worker was reminded of a request.",
    REQUEST_CANCELLED="A request was cancelled, by a person or because no rule needs it any more.",
    COMPLIANCE_STANDING_CHANGED="A worker's compliance standing changed, because of a change of data or the date.",
)
enum(
    ApprovalFinality,
    REVERSIBLE="A later decision can replace a decision.",
    FINAL="A decided version takes no other decision.",
)
enum(
    OrgUnitType,
    SITE="A place of work.",
    COMPANY="A company in a group.",
    CONTRACTOR="A contractor whose workers work for the organization.",
    DEPARTMENT="A department.",
    TEAM="A team.",
)
enum(
    WorkerType,
    EMPLOYEE="Employed by the organization.",
    CONTRACTOR="Works under a contract, their own or their firm's.",
    VOLUNTEER="Works without pay.",
    STUDENT="A student on placement.",
    OTHER="Any other type of worker.",
)
enum(
    EmploymentStatus,
    PENDING="The employment has not started. Rules apply already, so that the worker is ready on the first day.",
    ACTIVE="The worker is at work.",
    ON_LEAVE="The worker is on leave.",
    INACTIVE="The worker is not at work, and no return is planned. No rule applies to them, as if `TERMINATED`.",
    TERMINATED="The employment has ended. No rule applies to the worker: they have no standing and no cells, count for "
    "no standing and no gap, and rules withdraw the requests that they have not answered. Their credentials are "
    "listed, counted, reviewed and verified as before, and people may still request some. When the worker is at work "
    "again, rules raise requests for what is missing.",
)
enum(
    InvitationState,
    CREATED="The worker has not been invited.",
    PENDING="The worker has been invited and has not answered.",
    ACCEPTED="The worker accepted the invitation.",
    REJECTED="The worker declined the invitation.",
)
enum(
    UpsertStatus,
    CREATED="The worker was created.",
    UPDATED="The worker was updated.",
    UNCHANGED="The worker already had the values of the row.",
    RESTORED="The worker had been deleted, and was restored and updated.",
    FAILED="The row was refused; see its errors.",
)
enum(
    RehirePolicy,
    RESTORE="The worker who was deleted last is restored, with credentials and history, and updated.",
    CREATE="A new worker is created. The deleted one stays deleted.",
)
enum(
    CredentialCategory,
    SCREENING="A check of a person's background.",
    GOVERNMENT_ID="A government's proof of identity or status.",
    LICENCE="A licence or registration to practise.",
    CERTIFICATION="Proof of training or competence.",
)
enum(
    CredentialMetadata,
    REFERENCE_NUMBER="The issuer's reference number.",
    ISSUE_DATE="The day the credential was issued.",
    EXPIRY_DATE="The last day the credential is valid.",
    FRONT_ATTACHMENT="An image or PDF of the front.",
    BACK_ATTACHMENT="An image or PDF of the back.",
)
enum(
    CreationPolicy,
    OPEN="Credentials of the type can be created directly.",
    REQUEST_ONLY="Credentials of the type come from requests only.",
)
enum(
    OwnerType,
    WORKER="A worker.",
    APPLICANT="An applicant.",
)
enum(
    IntakeStatus,
    DIRECT="The credential was created directly.",
    REQUESTED="The credential was requested, and its worker has not submitted it.",
    SUBMITTED="The worker submitted the credential, and it waits for a reviewer.",
    COMPLETED="The request is completed.",
    CANCELLED="The request was cancelled. The empty credential is archived.",
)
enum(
    ApprovalStatus,
    NOT_REQUIRED="The version needs no approval.",
    PENDING="The version waits for a reviewer.",
    APPROVED="A reviewer approved the version.",
    REJECTED="A reviewer rejected the version.",
)
enum(
    VerificationStatus,
    PENDING="The status is not determined yet.",
    ACTIVE="The credential is in force.",
    EXPIRED="The credential has lapsed.",
    SUSPENDED="The issuer suspended the credential.",
    REVOKED="The credential was withdrawn.",
)
enum(
    Eligibility,
    MAY_ENGAGE="The holder may be engaged.",
    MAY_NOT_ENGAGE="The holder may not be engaged.",
    REVIEW_REQUIRED="A person must resolve the check.",
    IN_PROGRESS="The registry has not decided yet. The check is repeated.",
    ERROR="The last check failed.",
)
enum(
    Validity,
    NO_EXPIRY="There is no expiry date.",
    NOT_YET_VALID="The issue date is in the future.",
    VALID="The credential is in date.",
    EXPIRING_SOON="The credential is in date and expires soon.",
    EXPIRED="The expiry date has passed.",
)
enum(
    StatusDetail,
    VALID="In force, without restrictions.",
    EXPIRED="Lapsed at the registry.",
    SUSPENDED="Suspended by the issuer.",
    CANCELLED="Cancelled by the issuer.",
    NOT_FOUND="The registry has no such number.",
    NOT_ACCEPTABLE="The registry bars the holder.",
    CONDITIONS="In force under conditions.",
    DETAILS_MISMATCH="The registry has the number under other details.",
    SOURCE_UNAVAILABLE="The registry could not be reached.",
    REJECTED="A reviewer rejected the credential.",
)
enum(
    VersionField,
    ISSUE_DATE="The day the credential was issued.",
    EXPIRY_DATE="The last day the credential is valid.",
    MEDIA_FILES="The files of the version.",
)
enum(
    VerificationTrigger,
    MANUAL="A person or program requested the check.",
    ON_CREATE="The credential was created or submitted.",
    SCHEDULED="A periodic check was due.",
    EXPIRY="The expiry date was near or had just passed.",
    PUSH="The registry reported a change.",
    REPORTED="A caller reported the facts; no registry was asked.",
)
enum(
    VerificationOutcome,
    PENDING="The check is queued or running.",
    COMPLETED="The registry answered.",
    REVIEW_REQUIRED="A person must resolve the check.",
    RESOLVED="A person resolved the check.",
    ERROR="The registry could not be reached.",
)
enum(
    OwnershipStatus,
    LINKED="The credential was linked to the other owner.",
    UNLINKED="The owner was removed.",
    TRANSFERRED="The credential was transferred to the other owner.",
    NOOP="The credential already had the requested owners.",
    SKIPPED="The credential was refused; see its errors.",
)
enum(
    ReviewStatus,
    DECIDED="The credential was approved or rejected.",
    SKIPPED="The credential was refused; see its errors.",
)
enum(
    RuleScope,
    ALL_WORKERS="The rule applies to all workers.",
    POSITION="The rule applies to workers who hold a position.",
    ORG_UNIT="The rule applies to workers of an org unit and of all units below it.",
    WORKER="The rule applies to one worker.",
)
enum(
    RequirementLevel,
    MANDATORY="The rule counts towards a worker's standing.",
    OPTIONAL="The rule does not count towards a worker's standing.",
)
enum(
    RequirementSeverity,
    CRITICAL="The worker must not work without the credential.",
    WARNING="The gap needs attention.",
    INFO="The credential is good to have.",
)
enum(
    RaisedBy,
    RULE="A requirement rule.",
    PERSON="A person, or a program with an API key.",
)
enum(
    Standing,
    COMPLIANT="The worker satisfies every mandatory rule, and nothing is due soon.",
    AT_RISK="The worker satisfies every mandatory rule for now, but a credential expires soon, is in review or is in "
    "its grace period.",
    NON_COMPLIANT="A mandatory credential is missing, expired or ineligible.",
)
enum(
    ClearanceReasonCode,
    NOT_AT_WORK="The organization does not employ the worker on the day.",
    MISSING="The worker has not provided a credential that a mandatory rule requires, or it is not valid yet.",
    EXPIRED="The worker's credential has expired.",
    INELIGIBLE="The credential was rejected or withdrawn, or its check found that the worker may not be engaged.",
)
enum(
    CellStatus,
    SATISFIED="The worker has the credential.",
    EXEMPT="The worker is exempt from the rule.",
    EXPIRING="The worker has the credential, and it expires soon.",
    IN_REVIEW="The credential was provided, and waits for a reviewer or a check.",
    GRACE="The worker lacks the credential, and the grace period to provide it has not ended.",
    EXPIRED="The worker's credential has expired.",
    INELIGIBLE="The credential was rejected or withdrawn, or its check found that the worker may not be engaged.",
    MISSING="The worker has not provided the credential, or it is not valid yet.",
)
