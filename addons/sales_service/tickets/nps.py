"""The net promoter score: who would recommend us less who would not.

Reichheld, "The One Number You Need to Grow", Harvard Business Review, December 2003.
"""

# Answers from 0 to 10: from here on a promoter, up to here a detractor.
PROMOTER, DETRACTOR = 9, 6
# Fewer answers make no score.
MINIMUM = 5


def value(score):
    """What an answer adds: 100, 0 or -100; the score is the mean.

    >>> [value(score) for score in (10, 9, 8, 7, 6, 0)]
    [100, 100, 0, 0, -100, -100]
    """
    if score >= PROMOTER:
        return 100
    return -100 if score <= DETRACTOR else 0
