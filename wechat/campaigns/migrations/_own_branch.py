"""A step of a branch and the branch are of one sequence: a foreign key of both columns, which Django has none of."""

OF_THE_SAME_SEQUENCE = """
ALTER TABLE campaigns_sequencestep ADD CONSTRAINT step_branch_is_of_its_sequence
    FOREIGN KEY (branch_id, sequence_id) REFERENCES campaigns_sequencestep (id, sequence_id)
    DEFERRABLE INITIALLY DEFERRED
"""
OF_ANY_SEQUENCE = "ALTER TABLE campaigns_sequencestep DROP CONSTRAINT step_branch_is_of_its_sequence"
