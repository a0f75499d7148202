"""The contacts service: who people are, how they may be reached, and everything that was said to them.

Owns:  Person, CaseFile (what we heard of a case), Interaction, Template, RulePack.
Tells: acuerdo.contacts.v1 (ContactPermitGranted, AttemptDispatched, HoldHeeded …).
Hears: cases, strategy, payments.
"""
