"""Why and where a model is wrong: Shapley values of single answers, and the kinds of items on which errors gather."""
