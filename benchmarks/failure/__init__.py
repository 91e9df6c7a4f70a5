"""What is left of the shop while a dependency fails: held by its budget, and as tutorials write it.

python -m benchmarks.failure [--quick]
"""
