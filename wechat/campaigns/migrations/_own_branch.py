"""The foreign key of two columns that keeps a branch and its steps in one sequence, as Django has none."""

OF_THE_SAME_SEQUENCE = """
ALTER TABLE campaigns_sequencestep ADD CONSTRAINT step_branch_is_of_its_sequence
    FOREIGN KEY (branch_id, sequence_id) REFERENCES campaigns_sequencestep (id, sequence_id)
    DEFERRABLE INITIALLY DEFERRED
"""
OF_ANY_SEQUENCE = "ALTER TABLE campaigns_sequencestep DROP CONSTRAINT step_branch_is_of_its_sequence"
