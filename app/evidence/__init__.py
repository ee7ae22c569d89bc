"""Evidence packs: all that is on record of one worker on a day, in one signed archive for an auditor."""
