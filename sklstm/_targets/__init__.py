"""What y becomes: one object for each kind of target."""
