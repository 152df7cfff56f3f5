"""The exact best price over combinations of offers (pricing.md, sections 3 to 8)."""

from .candidates import NEVER, NO_CAP, Candidate, Line, Op, order_of
from .search import Applied, Combination, Problem, best_combination, find_best, state_problem

__all__ = [
    "NEVER",
    "NO_CAP",
    "Applied",
    "Candidate",
    "Combination",
    "Line",
    "Op",
    "Problem",
    "best_combination",
    "find_best",
    "order_of",
    "state_problem",
]
