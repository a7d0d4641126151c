"""The contract that every estimator keeps: scikit-learn's checks, called or ported."""
