"""The domain's enums in the schema's words."""

from app.access import ActorKind, Role, Scope
from app.compliance.evaluation.facts import CellStatus
from app.compliance.tables import Level, RaisedBy, RuleScope, Severity
from app.credential_types.tables import Category, CreationPolicy, Metadata
from app.credentials.ownership import OwnershipStatus
from app.credentials.review import ReviewStatus
from app.credentials.tables import Approval, Intake, OwnerType, Validity, VerificationStatus, VersionField
from app.credentials.verification.tables import Outcome, Trigger
from app.events.event_kinds import EventKind
from app.graph.dsl.types import enum
from app.organizations.tables import ApprovalFinality, OrgUnitKind
from app.registries.protocol import Eligibility, StatusDetail
from app.workers.tables import ConnectionState, EmploymentStatus, Standing, WorkerType
from app.workers.upsert import UpsertStatus

enum(
    Scope,
    WORKERS_READ="`workers:read`: see workers, applicants and org units.",
    WORKERS_WRITE="`workers:write`: add, change and delete workers and applicants.",
    CREDENTIALS_READ="`credentials:read`: see credentials and their versions.",
    CREDENTIALS_WRITE="`credentials:write`: add, change and delete credentials.",
    CREDENTIALS_REVIEW="`credentials:review`: approve and reject versions.",
    CREDENTIALS_VERIFY="`credentials:verify`: run checks against registries.",
    CREDENTIALS_PURGE="`credentials:purge`: remove credentials for good.",
    CONTRACTORS_MANAGE="`contractors:manage`: archive credentials of contractors' workers.",
    TYPES_WRITE="`types:write`: add, change and archive credential types.",
    REQUIREMENTS_WRITE="`requirements:write`: set who needs what.",
    COMPLIANCE_READ="`compliance:read`: see roll-ups, gaps and clearance.",
    WEBHOOKS_MANAGE="`webhooks:manage`: manage webhooks.",
    IMPORTS_WRITE="`imports:write`: import spreadsheets.",
    EXPORTS_READ="`exports:read`: export spreadsheets.",
    AUDIT_READ="`audit:read`: see who changed what.",
    KEYS_MANAGE="`keys:manage`: make, rotate and revoke API keys.",
    ORGANIZATION_MANAGE="`organization:manage`: change settings and org units.",
    SELF_CREDENTIALS="`self:credentials`: see and submit one's own credentials, as a worker.",
)
enum(
    Role,
    OWNER="Everything.",
    ADMIN="Everything but purging and the organization's settings.",
    REVIEWER="Sees people, works on credentials, reviews and verifies them.",
    INTEGRATION="A system that keeps people and credentials in step.",
    AUDITOR="Reads everything, changes nothing.",
    WORKER="Sees and submits their own credentials.",
)
enum(
    ActorKind,
    SERVICE="A program with an API key.",
    PERSON="A person, signed in with their identity provider.",
    SYSTEM="The service itself.",
)
enum(
    EventKind,
    ORGANIZATION_CREATED="An organization was founded.",
    ORGANIZATION_UPDATED="An organization's settings changed.",
    ORG_UNIT_CREATED="An org unit was added.",
    ORG_UNIT_UPDATED="An org unit changed or moved.",
    ORG_UNIT_DELETED="An org unit was removed.",
    API_KEY_CREATED="An API key was made.",
    API_KEY_ROTATED="An API key got a new secret.",
    API_KEY_REVOKED="An API key was ended.",
    WORKER_CREATED="A worker was added.",
    WORKER_UPDATED="A worker changed.",
    WORKER_DELETED="A worker was deleted.",
    WORKER_RESTORED="A worker's deletion was undone.",
    APPLICANT_CREATED="An applicant was added.",
    APPLICANT_UPDATED="An applicant changed.",
    APPLICANT_DELETED="An applicant was deleted.",
    APPLICANT_RESTORED="An applicant's deletion was undone.",
    CREDENTIAL_TYPE_CREATED="A credential type was added.",
    CREDENTIAL_TYPE_UPDATED="A credential type changed.",
    CREDENTIAL_TYPE_ARCHIVED="A credential type was taken out of use.",
    CREDENTIAL_TYPE_RESTORED="A credential type was brought back into use.",
    CREDENTIAL_ADDED="A credential was added.",
    CREDENTIAL_UPDATED="A credential changed.",
    CREDENTIAL_VERSION_ADDED="A credential got a new version.",
    CREDENTIAL_SUBMITTED="A worker answered a request with a credential.",
    CREDENTIAL_APPROVED="A version of a credential was approved.",
    CREDENTIAL_REJECTED="A version of a credential was rejected.",
    CREDENTIAL_VERIFIED="A credential was checked, or a check of it was settled.",
    CREDENTIAL_LINKED="A credential got a further owner.",
    CREDENTIAL_UNLINKED="An owner was taken away from a credential.",
    CREDENTIAL_TRANSFERRED="A credential moved to another owner.",
    CREDENTIAL_ARCHIVED="A credential was archived.",
    CREDENTIAL_RESTORED="A credential was taken out of the archive.",
    CREDENTIAL_PURGED="A credential was removed for good.",
    CREDENTIAL_DELETED="A credential was deleted.",
    CREDENTIAL_UNDELETED="A credential's deletion was undone.",
    POSITION_CREATED="A position was added.",
    POSITION_UPDATED="A position changed.",
    POSITION_ARCHIVED="A position was taken out of use.",
    POSITION_RESTORED="A position was brought back into use.",
    POSITION_ASSIGNED="A worker was given a position, from a day on.",
    POSITION_UNASSIGNED="A worker's time in a position was ended, or taken back.",
    REQUIREMENT_CHANGED="A requirement rule was added, changed or deleted.",
    EXEMPTION_GRANTED="A worker was let off a rule or a credential type.",
    EXEMPTION_REVOKED="An exemption was taken back.",
    REQUEST_CREATED="A worker was asked for a credential.",
    REQUEST_REMINDED="A worker was reminded of a request.",
    REQUEST_CANCELLED="A request was cancelled, or nobody asks any more.",
    COMPLIANCE_STANDING_CHANGED="Where a worker stands changed, by a fact or by the passing of days.",
)
enum(
    ApprovalFinality,
    REVERSIBLE="A decision can be replaced by another.",
    FINAL="A decided version takes no further decision.",
)
enum(
    OrgUnitKind,
    SITE="A place of work.",
    COMPANY="A company of a group.",
    CONTRACTOR="A contractor whose people work for the organization.",
    DEPARTMENT="A department.",
    TEAM="A team.",
)
enum(
    WorkerType,
    EMPLOYEE="Employed by the organization.",
    CONTRACTOR="Works for the organization under a contract of their own or their firm's.",
    VOLUNTEER="Works unpaid.",
    STUDENT="On placement.",
    OTHER="Anything else.",
)
enum(
    EmploymentStatus,
    PENDING="Not started yet.",
    ACTIVE="At work.",
    ON_LEAVE="Away for a time.",
    INACTIVE="Not at work, with no end in sight.",
    TERMINATED="Left.",
)
enum(
    ConnectionState,
    CREATED="Known, and not yet invited.",
    PENDING="Invited, and has not answered.",
    ACCEPTED="Accepted the invitation.",
    REJECTED="Declined the invitation.",
)
enum(
    UpsertStatus,
    CREATED="The worker was added.",
    UPDATED="The worker was changed.",
    UNCHANGED="The worker was as the row says already.",
    FAILED="The row was refused; see its errors.",
)
enum(
    Category,
    SCREENING="A check of a person's background.",
    GOVERNMENT_ID="A government's proof of identity or status.",
    LICENSE="A licence or registration to practise.",
    CERTIFICATION="Proof of training or competence.",
)
enum(
    Metadata,
    REFERENCE_NUMBER="The number that the issuer knows it by.",
    ISSUE_DATE="The day it was issued.",
    EXPIRY_DATE="The last day it is valid.",
    FRONT_ATTACHMENT="An image or PDF of its front.",
    BACK_ATTACHMENT="An image or PDF of its back.",
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
    Intake,
    DIRECT="Created directly.",
    REQUESTED="Asked of the worker, who has not answered.",
    SUBMITTED="Answered by the worker, and not settled yet.",
    COMPLETED="Settled.",
    CANCELLED="No longer asked for; it is archived, since there is nothing in it.",
)
enum(
    Approval,
    NOT_REQUIRED="Nobody needs to look at it.",
    PENDING="Waits for a reviewer.",
    APPROVED="A reviewer accepted it.",
    REJECTED="A reviewer refused it.",
)
enum(
    VerificationStatus,
    PENDING="Not settled yet.",
    ACTIVE="In force.",
    EXPIRED="Lapsed.",
    SUSPENDED="Suspended by its issuer.",
    REVOKED="Withdrawn.",
)
enum(
    Eligibility,
    MAY_ENGAGE="The holder may be engaged.",
    MAY_NOT_ENGAGE="The holder may not be engaged.",
    REVIEW_REQUIRED="A person has to look.",
    IN_PROGRESS="The registry has not decided yet; it is asked again.",
    ERROR="The last check failed.",
)
enum(
    Validity,
    NO_EXPIRY="It never expires.",
    NOT_YET_VALID="Its issue date lies ahead.",
    VALID="In date.",
    EXPIRING_SOON="In date, and not for long.",
    EXPIRED="Its expiry date has passed.",
)
enum(
    StatusDetail,
    VALID="In force, with nothing against it.",
    EXPIRED="Lapsed at the registry.",
    SUSPENDED="Suspended by its issuer.",
    CANCELLED="Cancelled by its issuer.",
    NOT_FOUND="The registry knows no such number.",
    NOT_ACCEPTABLE="The registry bars its holder.",
    CONDITIONS="In force under conditions.",
    DETAILS_MISMATCH="The registry knows the number under other details.",
    SOURCE_UNAVAILABLE="The registry could not be asked.",
    REJECTED="A reviewer rejected it.",
)
enum(
    VersionField,
    ISSUE_DATE="The day it was issued.",
    EXPIRY_DATE="The last day it is valid.",
    MEDIA_FILES="The files that show it.",
)
enum(
    Trigger,
    MANUAL="Somebody asked.",
    ON_CREATE="The credential was created, or submitted.",
    SCHEDULED="It was time to ask again.",
    EXPIRY="Its expiry date was near, or just past.",
    PUSH="The registry reported a change.",
)
enum(
    Outcome,
    PENDING="Waiting or under way.",
    COMPLETED="The registry answered.",
    REVIEW_REQUIRED="A person has to look.",
    RESOLVED="A person looked, and settled it.",
    ERROR="The registry could not be asked.",
)
enum(
    OwnershipStatus,
    LINKED="It has the further owner.",
    UNLINKED="The owner was taken away.",
    TRANSFERRED="It moved to the other owner.",
    NOOP="It was so already.",
    SKIPPED="It was refused; see the errors.",
)
enum(
    ReviewStatus,
    DECIDED="It was decided.",
    SKIPPED="It was refused; see the errors.",
)
enum(
    RuleScope,
    ALL_WORKERS="Of all workers.",
    POSITION="Of those who hold a position.",
    ORG_UNIT="Of those in an org unit and all units under it.",
    WORKER="Of one worker.",
)
enum(
    Level,
    MANDATORY="A worker's standing depends on it.",
    OPTIONAL="It is asked, and standing does not depend on it.",
)
enum(
    Severity,
    CRITICAL="Work must not go on without it.",
    WARNING="It has to be seen to.",
    INFO="Good to have.",
)
enum(
    RaisedBy,
    RULE="A requirement rule.",
    PERSON="A person, or a program by its key.",
)
enum(
    Standing,
    COMPLIANT="They have all that is mandatory; nothing is due soon.",
    AT_RISK="They have all that is mandatory, but something expires soon, is in review or in its days of grace.",
    NON_COMPLIANT="Something mandatory is missing, expired or ineligible.",
)
enum(
    CellStatus,
    SATISFIED="They have it.",
    EXEMPT="They are let off.",
    EXPIRING="They have it, and not for long.",
    IN_REVIEW="It was provided, and a reviewer or a check has not settled it.",
    GRACE="They lack it, and have some days left to provide it.",
    EXPIRED="What they had has expired.",
    INELIGIBLE="What they provided was rejected, withdrawn, or speaks against engaging them.",
    MISSING="They never provided it.",
)
