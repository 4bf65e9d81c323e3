#!/usr/bin/env python3
"""Writes expected.txt: what each arithmetic instruction gives for chosen operands, by exact rational arithmetic and one rounding.

Source: the semantics in the PTX ISA. Nothing is taken from the interpreter that these values test. Usage: expected.py > expected.txt
A line is an opcode, a colon and cases: operands = result. As many hexadecimal digits as the register has; T and F are predicates.
"""
from comparisons import comparisons
from conversions import conversions
from floats import floats, functions
from integers import integers

integers()
floats()
functions()
conversions()
comparisons()
