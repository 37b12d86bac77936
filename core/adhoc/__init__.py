"""Ad-hoc SQL: who asked what and how it ended, and the queries people keep for their role."""
