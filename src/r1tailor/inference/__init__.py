"""Ask any model: likelihoods, rankings over a closed set, answers."""
