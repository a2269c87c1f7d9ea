"""Mutation testing: `make mutate` changes one place of the product at a time and sees which tests notice."""
