"""Evidence packs: everything on record about a worker on a day, in one signed archive for an auditor."""
