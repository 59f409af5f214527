"""A tuned model is put to work: a gateway, pages for people, a study of two subjects, corrections."""
