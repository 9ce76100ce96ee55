"""scikit-learn estimators on whole documents."""
