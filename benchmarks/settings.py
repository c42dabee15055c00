"""The course's settings as a server has them (DEBUG logs each query), and the toolbar's app."""

from config.settings import *

DEBUG = False
INSTALLED_APPS = [*INSTALLED_APPS, "debug_toolbar"]
