"""The models of sql/ on a Spark cluster, for a company whose data one machine no longer holds."""
