"""A teacher's texts and probabilities about the training examples; never about validation or test items."""
