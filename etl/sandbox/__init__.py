"""Ad-hoc SQL in three layers: a copy that holds only what may be seen, a gate, a child process."""
