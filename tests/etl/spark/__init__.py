"""What is proven on a real cluster of two workers; without Java or pyspark it is skipped."""
