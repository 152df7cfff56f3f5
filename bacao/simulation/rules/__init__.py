"""A made-up city and the people in it: pure functions of a seed."""
