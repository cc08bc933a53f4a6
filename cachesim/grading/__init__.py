"""Exercises and their grader: a student's code runs in a sandbox and gives answers; verdicts are given outside."""
