from . import test_distribution, test_scoring
