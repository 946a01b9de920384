"""The verbs of the command ``med2d``, one in each file: thin, what is heavy is imported inside."""
