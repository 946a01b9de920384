"""Ultrasound images made by physics, in raw layouts, for trials without a download.

An image is made in the order in which a scanner makes it: anatomy gives two maps, echogenicity
(dB) and attenuation (dB/cm/MHz), and the scanner turns them into grey values.

Axes are (depth, lateral) everywhere; lengths are in mm, echo levels in dB relative to a reference
tissue.
"""
