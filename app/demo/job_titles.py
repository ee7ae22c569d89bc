"""The demo organization's jobs, as data: the titles of each, and the credentials that come with them."""

from dataclasses import dataclass

from app.workers.tables import WorkerType


@dataclass(frozen=True, slots=True)
class Job:
    """Titles of a job family, with the credential types that each worker holds and those that many hold.

    `WWCC` and `TEACHER` stand for the type of the worker's state.
    """

    family: str
    titles: tuple[str, ...]
    always: tuple[str, ...]
    often: tuple[str, ...]
    worker_type: WorkerType = WorkerType.EMPLOYEE


JOBS = (
    Job(
        "Nursing",
        (
            "Registered Nurse",
            "Senior Registered Nurse",
            "Enrolled Nurse",
            "Nurse Unit Manager",
            "Clinical Nurse Specialist",
            "Director of Clinical Services",
        ),
        ("AHPRA_REGISTRATION", "WWCC", "NATIONAL_POLICE_CHECK", "CPR"),
        ("FIRST_AID", "INFLUENZA_VACCINATION", "MEDICATION_ADMINISTRATION", "INFECTION_CONTROL", "VEVO_WORK_RIGHTS"),
    ),
    Job(
        "Care",
        ("Support Worker", "Disability Support Worker", "Assistant in Nursing"),
        ("NDIS_WORKER_SCREENING", "NATIONAL_POLICE_CHECK", "FIRST_AID"),
        ("CPR", "CERT_III_INDIVIDUAL_SUPPORT", "WWCC", "MANUAL_HANDLING", "DRIVERS_LICENCE", "VEVO_WORK_RIGHTS"),
    ),
    Job(
        "Allied Health",
        ("Physiotherapist", "Occupational Therapist", "Pharmacist", "Allied Health Manager"),
        ("AHPRA_REGISTRATION", "WWCC", "NATIONAL_POLICE_CHECK", "CPR"),
        ("PROFESSIONAL_INDEMNITY", "INFLUENZA_VACCINATION", "COVID_VACCINATION"),
    ),
    Job(
        "Education",
        ("Early Childhood Teacher", "Educational Leader", "Centre Director"),
        ("TEACHER", "WWCC", "FIRST_AID_EDUCATION", "ANAPHYLAXIS"),
        ("CHILD_PROTECTION", "ASTHMA_MANAGEMENT", "EARLY_CHILDHOOD_QUALIFICATION"),
    ),
    Job(
        "Education",
        ("Educator",),
        ("WWCC", "EARLY_CHILDHOOD_QUALIFICATION", "FIRST_AID_EDUCATION"),
        ("CHILD_PROTECTION", "ANAPHYLAXIS", "ASTHMA_MANAGEMENT"),
    ),
    Job(
        "Electrical",
        ("Site Electrician", "Leading Hand Electrician"),
        ("ELECTRICAL_LICENCE_NSW", "WHITE_CARD", "LOW_VOLTAGE_RESCUE", "CPR", "WORKING_AT_HEIGHTS"),
        ("ASBESTOS_AWARENESS", "ELEVATED_WORK_PLATFORM", "HIGH_RISK_WORK", "DRIVERS_LICENCE"),
        WorkerType.CONTRACTOR,
    ),
    Job(
        "Electrical",
        ("Electrical Apprentice", "Contract Manager"),
        ("WHITE_CARD", "NATIONAL_POLICE_CHECK"),
        ("ASBESTOS_AWARENESS", "DRIVERS_LICENCE", "PUBLIC_LIABILITY"),
        WorkerType.CONTRACTOR,
    ),
    Job(
        "Hospitality",
        ("Cook",),
        ("FOOD_SAFETY_SUPERVISOR", "NATIONAL_POLICE_CHECK"),
        ("MANUAL_HANDLING", "INFLUENZA_VACCINATION"),
    ),
    Job(
        "Volunteers",
        ("Lifestyle Volunteer",),
        ("WWCC", "NATIONAL_POLICE_CHECK"),
        ("INFLUENZA_VACCINATION", "COVID_VACCINATION"),
        WorkerType.VOLUNTEER,
    ),
    Job(
        "Nursing",
        ("Student Nurse",),
        ("WWCC", "NATIONAL_POLICE_CHECK", "CPR"),
        ("INFLUENZA_VACCINATION", "MANUAL_HANDLING", "COVID_VACCINATION"),
        WorkerType.STUDENT,
    ),
    Job(
        "Management",
        (
            "General Manager",
            "Facility Manager",
            "Care Manager",
            "Regional Manager",
            "Service Coordinator",
            "Compliance Manager",
            "Compliance Officer",
            "HR Adviser",
            "Payroll Officer",
        ),
        ("NATIONAL_POLICE_CHECK", "FIRST_AID"),
        ("WWCC", "DRIVERS_LICENCE", "CPR"),
    ),
)
BY_TITLE = {title: job for job in JOBS for title in job.titles}

APPLICANT_CREDENTIALS = ("WWCC_NSW", "AHPRA_REGISTRATION", "NATIONAL_POLICE_CHECK", "FIRST_AID")
