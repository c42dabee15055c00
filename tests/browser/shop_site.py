"""The shop over real HTTP, for a browser: prints its address and what a test needs, as JSON.

It ends when its stdin does.
"""

import json
import sys
from pathlib import Path

import glass

glass.setup(Path(__file__).resolve().parents[2])

from django.contrib.auth.models import User
from django.test import Client
from partners.models import Parcel
from shop.models import Order

from glass.services.live import live

order = Order.objects.earliest("pk")
for number in ("NL-1", "NL-2"):
    Parcel.objects.create(order=order, number=number)
User.objects.filter(username="ann").update(is_staff=True)
client = Client()
client.force_login(User.objects.get(username="ann"))
session = client.cookies["sessionid"].value
print("SITE", json.dumps({"url": live().url, "session": session}), flush=True)
sys.stdin.read()
