"""09.1 Predict: ben comes in: a login saves the user."""

from __future__ import annotations

from checks.ch08_every_bell import calls
from checks.ch09_signals_at_work import SIGNALS
from tutor.judge.exercise import Prediction

coming_in = Prediction(
    "09.1",
    "Predict: ben comes in",
    minutes=2,
    layers=SIGNALS,
    hints=[
        "user_logged_in rings once. Who is connected with it? The lesson has the list.",
        "One of the two saves something. What rings then?",
        "A receiver that runs and does nothing has run, too.",
    ],
    because="user_logged_in has two receivers: Django's update_last_login, and write_login_down "
    "of the project. The first one saves the user, so give_profile hears post_save. It sees "
    "created=False and does nothing, but it ran.",
    wrong={
        1: "user_logged_in alone has two receivers, and one of them rings another bell.",
        2: "Django's receiver saves the user, to keep the time. post_save has a receiver, too.",
        4: "post_save of User rings once: write_login_down saves a LoginRecord, and no receiver "
        "hears that.",
    },
    fact=calls,
)
