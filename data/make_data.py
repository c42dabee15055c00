"""Write the course's rows: `python data/make_data.py [folder]`.

Everything is invented. The same Python code gives the same bytes on every machine: each table has
its own seeded generator, and no date depends on the day on which the script runs.
"""

import csv
import random
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

Row = dict[str, Any]

TODAY = date(2026, 3, 2)
PRICES_ROSE_ON = date(2025, 1, 1)

# Everybody's password is "under-glass". It is hashed once, as Django 6.1 does by default, so that
# loading takes no time and logging in finds nothing to renew. In real life no two users share a
# hash: each has a salt of their own.
PASSWORD = (
    "pbkdf2_sha256$1500000$UnderGlassUnderGlassUn$cbelfaEHgRLU+dWCidN7K6tpJWke1uFO/5KSw8OWj/s="
)

# country | cities | given names | family names
WORLD = """
Argentina | Buenos Aires, Rosario | Camila, Mateo, Sofía, Joaquín | Fernández, Ñáñez, Romero, Acosta
Brazil | São Paulo, Recife | João, Beatriz, Tomás, Luíza | Araújo, Conceição, Moreira, Tavares
China | Chengdu, Hangzhou | Wei, Lan, Jun, Xiu | Zhang, Liu, Chen, Huang
Egypt | Cairo, Alexandria | Yasmin, Karim, Salma, Tarek | Mansour, El-Sayed, Farouk, Naguib
France | Lyon, Nantes | Chloé, Étienne, Inès, Loïc | Lefèvre, Moreau, D'Arcy, Garnier
Germany | Hamburg, Leipzig | Jürgen, Anneliese, Lukas, Käthe | Müller, Schröder, Weiß, Brandt
Ghana | Accra, Kumasi | Kofi, Abena, Kwame, Esi | Mensah, Owusu, Boateng, Asante
Greece | Athens, Patras | Eleni, Nikos, Danae, Stavros | Papadakis, Georgiou, Kyriakou, Vlahos
India | Pune, Chennai | Ananya, Rohan, Meera, Vikram | Iyer, Sharma, Banerjee, Kulkarni
Ireland | Dublin, Cork | Aoife, Cormac, Niamh, Declan | O'Connor, O'Neill, Byrne, Gallagher
Japan | Osaka, Sapporo | Haruka, Kenji, Aiko, Takumi | Sato, Watanabe, Kobayashi, Mori
Kenya | Nairobi, Mombasa | Wanjiru, Otieno, Achieng, Kamau | Mwangi, Ochieng, Njoroge, Kiptoo
Mexico | Oaxaca, Mérida | Ximena, Andrés, Lucía, Raúl | Hernández, Peña, Castillo, Ibáñez
Nigeria | Lagos, Ibadan | Chidi, Amara, Tunde, Ngozi | Okafor, Adeyemi, Eze, Balogun
Norway | Bergen, Tromsø | Sigrid, Øyvind, Ingrid, Håkon | Bjørnstad, Ødegård, Hansen, Lie
Poland | Kraków, Łódź | Zofia, Michał, Agnieszka, Paweł | Wójcik, Łukasik, Żak, Kamińska
Turkey | Izmir, Bursa | Elif, Çağla, Emre, Oğuz | Güneş, Şahin, Öztürk, Demir
Ukraine | Lviv, Odesa | Oksana, Taras, Daryna, Andriy | Shevchenko, Kovalenko, Bondar, Melnyk
United Kingdom | Leeds, Cardiff | Imogen, Rhys, Priya, Callum | Whitfield, Pryce-Jones, MacLeod, Patel
United States | Portland, Austin | Jordan, Maya, Elijah, Grace | Nguyen, Washington, Rivera, O'Hara
Vietnam | Hanoi, Da Nang | Linh, Minh, Thảo, Đức | Trần, Phạm, Lê, Võ
"""
COUNTRIES = [
    [[name.strip() for name in column.split(",")] for column in line.split("|")]
    for line in WORLD.strip().splitlines()
]

# department: city, budget, number of employees, [(title, salary to start from)]
DEPARTMENTS: dict[str, tuple[str, int, int, list[tuple[str, int]]]] = {
    "Engineering": (
        "Hamburg",
        2_400_000,
        16,
        [("Software Engineer", 62_000), ("Structural Engineer", 60_000), ("Test Engineer", 52_000)],
    ),
    "Sales": ("Dublin", 1_100_000, 12, [("Sales Representative", 44_000), ("Key Account", 54_000)]),
    "Operations": (
        "Leeds",
        1_750_000,
        10,
        [("Gardener", 36_000), ("Driver", 34_000), ("Planner", 46_000)],
    ),
    "Customer Support": ("Kraków", 620_000, 8, [("Support Agent", 34_000)]),
    "Marketing": ("Lyon", 540_000, 5, [("Copywriter", 42_000), ("Photographer", 40_000)]),
    "Research & Development": ("Bergen", 980_000, 4, [("Botanist", 58_000), ("Chemist", 60_000)]),
    "Finance": ("Dublin", 310_000, 3, [("Accountant", 50_000)]),
    "Legal": ("Dublin", 150_000, 0, [("Lawyer", 66_000)]),
}
HEADS = [
    ("Ingrid Ødegård", "Head of Engineering", "Engineering"),
    ("Tunde Adeyemi", "Head of Sales", "Sales"),
    ("Rhys Pryce-Jones", "Head of Operations", "Operations"),
    ("Zofia Wójcik", "Head of Customer Support", "Customer Support"),
    ("Chloé D'Arcy", "Head of Marketing", "Marketing"),
    ("Ananya Iyer", "Head of Research & Development", "Research & Development"),
    ("Declan O'Neill", "Head of Finance", "Finance"),
]
# A few people whom chance would not have hired: name, name in Latin letters, department.
SPECIAL_STAFF = [
    ("Siobhán O'Brien", "Siobhan OBrien", "Engineering"),
    ("ليلى حداد", "Layla Haddad", "Engineering"),
    ("Noa Levi", "Noa Levi", "Sales"),
    ("Jean-Luc Lefèvre", "Jean-Luc Lefevre", None),
]

SKILLS = [
    "Accounting", "Bookbinding", "Botany", "Django", "First aid", "Glazing",
    "Negotiation", "Photography", "PostgreSQL", "Python", "Welding", "Writing",
]  # fmt: skip
NOBODYS_SKILL = "Bookbinding"

PROJECTS = [
    ("Winter Garden Planner", "ENG-01", "Engineering"),
    ("Self-watering Shelf", "ENG-02", "Engineering"),
    ("Frost Alarm", "ENG-03", "Engineering"),
    ("Web Shop Renewal", "ENG-04", "Engineering"),
    ("Greenhouse Kit, Size M", "ENG-05", "Engineering"),
    ("Rain Gauge", "ENG-06", "Engineering"),
    ("Tomatoes without Peat", "RND-01", "Research & Development"),
    ("Biological Pest Control", "RND-02", "Research & Development"),
    ("Seed Bank", "RND-03", "Research & Development"),
    ("Light for Seedlings", "RND-04", "Research & Development"),
    ("Spring Catalogue 2026", "MKT-01", "Marketing"),
    ("Open Greenhouse Day", "MKT-02", "Marketing"),
    ("Newsletter", "MKT-03", "Marketing"),
    ("Second Warehouse", "OPS-01", "Operations"),
    ("Packaging without Plastic", "OPS-02", "Operations"),
    ("Night Deliveries", "OPS-03", "Operations"),
    ("Garden Centres North", "SAL-01", "Sales"),
    ("School Gardens", "SAL-02", "Sales"),
    ("Answers within a Day", "SUP-01", "Customer Support"),
    ("Books on One Ledger", "FIN-01", "Finance"),
]
PROJECT_WITHOUT_MEMBERS = "Night Deliveries"
ROLES = ["lead", "member", "adviser", "tester"]

# category: parent
CATEGORIES = {
    "Plants": None,
    "Tools": None,
    "Greenhouses": None,
    "Books": None,
    "Herbs": "Plants",
    "Houseplants": "Plants",
    "Vegetables": "Plants",
    "Succulents": "Houseplants",
    "Hand tools": "Tools",
    "Watering": "Tools",
    "Kits": "Greenhouses",
    "Heating & Light": "Greenhouses",
}
# category | names, each with its price
SHELVES = """
Herbs | Basil 2.90, Chives 2.40, Coriander 2.50, Dill 2.20, Lemon Balm 3.10, Marjoram 2.70,
  Oregano 2.70, Parsley 2.20, Peppermint 2.90, Rosemary 4.50, Sage 3.40, Thyme 3.20
Houseplants | Bird of Paradise 39.00, Boston Fern 14.50, Calathea 19.90, Dragon Tree 24.00,
  Monstera 34.90, Peace Lily 16.90, Pothos 9.90, Rubber Plant 22.50, Spider Plant 8.90,
  ZZ Plant 27.00
Succulents | Aloe Vera 8.50, Burro's Tail 11.90, Christmas Cactus 12.50, Echeveria 4.90,
  Jade Plant 9.50, Mother-in-law's Tongue 13.90, Prickly Pear 7.50, String of Pearls 10.90
Vegetables | Aubergine 3.60, Beetroot 2.10, Broad Bean 2.30, Chilli "Jalapeño" 3.90,
  Courgette 2.90, Cucumber 3.20, Garlic 2.80, Lettuce 1.90, Pumpkin 3.50, Radish 1.80,
  Tomato "Cœur de Bœuf" 4.40, Tomato "Matina" 3.90
Hand tools | Bulb Planter 12.90, Dibber 7.50, Digging Fork 46.00, Garden Twine 4.20, Gloves 9.80,
  Hand Trowel 11.50, Pruning Saw 28.90, Rake 32.00, Secateurs 38.50, Spade 49.00
Watering | Drip Hose 25 m 29.90, Garden Hose 20 m 36.00, Hose Reel 54.00, Plant Mister 8.20,
  Rain Barrel 200 l 89.00, Sprinkler 17.50, Watering Can 5 l 14.90, Watering Timer 42.00
Kits | Cold Frame 119.00, Greenhouse 4 m² 890.00, Greenhouse 8 m² 1690.00,
  Mini Greenhouse 79.00, Polytunnel 12 m² 540.00, Window Box Cover 24.50
Heating & Light | Gas Heater 189.00, Grow Lamp 20 W 45.00, Grow Lamp 60 W 99.00,
  Heating Mat 32.50, Paraffin Heater 64.00, Thermometer 18.90
Books | A Year under Glass 34.00, Cacti for Beginners 16.90, Compost & Soil 19.90,
  Seeds and How to Save Them 24.00, The Balcony Kitchen 22.00, The Patient Gardener 28.50,
  Trees in Pots 26.00, What's Eating My Cabbage? 14.90
"""
NEVER_SOLD = {"Polytunnel 12 m²", "Bulb Planter", "Trees in Pots"}
WITHDRAWN = {"Gas Heater", "Sprinkler", "Bulb Planter"}
SOLD_OUT = {"Monstera", "Spade", "Grow Lamp 60 W", "A Year under Glass"}

USERS = [
    ("admin", "Ada", "Lindqvist"), ("ann", "Ann", "O'Brien"), ("ben", "Ben", "Okafor"),
    ("cleo", "Cleo", "Papadakis"), ("dara", "Dara", "Byrne"), ("emil", "Emil", "Hansen"),
    ("fatima", "Fatima", "Mansour"), ("goran", "Goran", "Horvat"), ("hana", "Hana", "Sato"),
    ("ivo", "Ivo", "Żak"), ("june", "June", "Whitfield"), ("kofi", "Kofi", "Mensah"),
]  # fmt: skip

# The first eight are the eight users after admin; the other users have a login only.
# Customers chance would not have brought: name, Latin letters, city, country, birthday.
SPECIAL_CUSTOMERS = [
    ("Ann O'Brien", "Ann OBrien", "Cork", "Ireland", date(1988, 3, 2)),
    ("Ben Okafor", "Ben Okafor", "Lagos", "Nigeria", date(1979, 11, 30)),
    ("Cleo Papadakis", "Cleo Papadakis", "Athens", "Greece", date(1996, 2, 29)),
    ("Dara Byrne", "Dara Byrne", "Dublin", "Ireland", None),
    ("Emil Hansen", "Emil Hansen", "Bergen", "Norway", date(2001, 7, 14)),
    ("Fatima Mansour", "Fatima Mansour", "Cairo", "Egypt", date(1990, 12, 31)),
    ("Goran Horvat", "Goran Horvat", "Zagreb", "Croatia", date(1967, 1, 1)),
    ("Hana Sato", "Hana Sato", "Osaka", "Japan", date(1993, 3, 2)),
    ("Mallory <script>alert(1)</script>", "Mallory", "Leeds", "United Kingdom", date(1985, 4, 1)),
    ("عمر الفاروق", "Omar Alfarouq", "Amman", "Jordan", date(1982, 8, 19)),
    ("נועם לוי", "Noam Levi", "Haifa", "Israel", date(1999, 5, 23)),
    ("María García", "Maria Garcia", "Madrid", "Spain", date(1975, 6, 5)),
    ("María García", "Maria Garcia 2", "Bogotá", "Colombia", date(1998, 9, 17)),
    ("Nguyễn Thị Ánh", "Anh Nguyen", "Hanoi", "Vietnam", date(1992, 1, 25)),
]

# Members of the Garden Club. The first ones end on days that matter: 25 days from today, one day
# less, one day more, yesterday, today, tomorrow. Numbers of days from today.
SPECIAL_ENDS = [25, 24, 26, -1, 0, 1, 180, 365, 25, 12]
# Where the clock hangs: a country, and cities whose clock is another one.
TIME_ZONES = """
Argentina America/Argentina/Buenos_Aires, Brazil America/Sao_Paulo, Recife America/Recife,
China Asia/Shanghai, Colombia America/Bogota, Croatia Europe/Zagreb, Egypt Africa/Cairo,
France Europe/Paris, Germany Europe/Berlin, Ghana Africa/Accra, Greece Europe/Athens,
India Asia/Kolkata, Ireland Europe/Dublin, Israel Asia/Jerusalem, Japan Asia/Tokyo,
Jordan Asia/Amman, Kenya Africa/Nairobi, Mexico America/Mexico_City, Mérida America/Merida,
Nigeria Africa/Lagos, Norway Europe/Oslo, Poland Europe/Warsaw, Spain Europe/Madrid,
Turkey Europe/Istanbul, Ukraine Europe/Kyiv, United Kingdom Europe/London,
United States America/Chicago, Portland America/Los_Angeles, Vietnam Asia/Ho_Chi_Minh
"""

REVIEWS = {
    1: ["Broken on arrival.", "Not what the picture shows.", "Died within a week."],
    2: ["Smaller than I expected.", "It works, but it isn't well made.", "Came two weeks late."],
    3: ["It's all right.", "Does what it says, no more.", ""],
    4: [
        "Good value.",
        "My neighbour's is better, but I like mine.",
        "Arrived early & well packed.",
    ],
    5: [
        "Wonderful!",
        "I'd buy it again at once.",
        "Très content, merci !",
        "ممتاز",
        "Better than 5/5",
    ],
}

# status: what the customer is told, so many days after the order.
ORDER_NOTICES = {
    "new": ("We have your order {}. Thank you!", 0),
    "paid": ("Your order {} is paid. We pack it now.", 2),
    "shipped": ("Your order {} has been sent.", 5),
}
# So many of the newest notices are unread; of everybody else, none.
UNREAD = {"admin": 2, "ann": 3, "ben": 1, "dara": 2, "goran": 4, "hana": 1, "june": 1}
USER_WITHOUT_NOTICES = "kofi"


def people(rng: random.Random) -> Iterator[tuple[str, str, str, str]]:
    """Yield (name, name in Latin letters, city, country), without end."""
    while True:
        (country,), cities, given, family = rng.choice(COUNTRIES)
        name = f"{rng.choice(given)} {rng.choice(family)}"
        yield name, latin(name), rng.choice(cities), country


# Letters that Unicode does not take apart into a plain letter and a mark.
PLAIN = str.maketrans("øØłŁđĐ", "oOlLdD", "'") | {ord("ß"): "ss", ord("œ"): "oe"}


@cache
def latin(name: str) -> str:
    """Return the name in ASCII letters: "Łukasz Ødegård" becomes "Lukasz Odegard"."""
    name = name.translate(PLAIN)
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def address(name: str, host: str) -> str:
    """Return the e-mail address of a name in Latin letters."""
    return f"{'.'.join(latin(name).lower().split())}@{host}"


def day(rng: random.Random, first: date, last: date) -> date:
    """Return a day between the two, both included."""
    return first + timedelta(days=rng.randint(0, (last - first).days))


def employee(rng: random.Random, department: str | None) -> Row:
    """Return what chance decides about one employee: title, salary, and two dates."""
    titles = DEPARTMENTS[department][3] if department in DEPARTMENTS else [("Assistant", 38_000)]
    title, salary = rng.choice(titles)
    hired_on = day(rng, date(2016, 1, 4), date(2026, 2, 2))
    return {
        "title": title,
        "salary": round(salary * rng.uniform(0.85, 1.35) / 100) * 100,
        "hired_on": hired_on,
        "birthday": hired_on - timedelta(days=rng.randint(20 * 365, 45 * 365)),
    }


def departments() -> list[Row]:
    return [
        {"id": pk, "name": name, "city": city, "budget": f"{budget}.00"}
        for pk, (name, (city, budget, _, _)) in enumerate(DEPARTMENTS.items(), 1)
    ]


def skills() -> list[Row]:
    return [{"id": pk, "name": name} for pk, name in enumerate(SKILLS, 1)]


def employees() -> list[Row]:
    """The chief, the heads who report to her, and the staff who report to the heads."""
    rng = random.Random("employees")
    key = {name: pk for pk, name in enumerate(DEPARTMENTS, 1)}
    head = {department: pk for pk, (_, _, department) in enumerate(HEADS, 2)}
    rows: list[Row] = []

    def add(
        name: str, plain: str, department: str | None, manager: int | None, **fixed: Any
    ) -> None:
        rows.append(
            {"id": len(rows) + 1, "name": name, "email": address(plain, "northlight.example")}
            | employee(rng, department)
            | {"is_active": True, "department_id": key.get(department or ""), "manager_id": manager}
            | fixed
        )

    hired = date(2015, 9, 1)
    add("Amara Castillo", "Amara Castillo", None, None, title="Chief Executive", salary=182_000,
        hired_on=hired, birthday=date(1971, 3, 2))  # fmt: skip
    for name, title, department in HEADS:
        salary = 2 * DEPARTMENTS[department][3][0][1] - rng.randrange(0, 20_000, 500)
        add(name, name, department, 1, title=title, salary=salary)
    for name, plain, special in SPECIAL_STAFF:
        add(name, plain, special, head.get(special or "", 1))
    known = {row["name"] for row in rows}
    strangers = people(rng)
    for department, (_, _, size, _) in DEPARTMENTS.items():
        while sum(row["department_id"] == key[department] for row in rows) < size:
            name, plain, _, _ = next(strangers)
            if name not in known:
                known.add(name)
                add(name, plain, department, head[department])
    for pk in (17, 29, 41, 53):  # They have left.
        rows[pk - 1]["is_active"] = False
    for pk in (12, 33, 48):  # They did not say.
        rows[pk - 1]["birthday"] = None
    rows[20]["birthday"] = date(1990, 3, 2)
    return rows


def employee_skills() -> list[Row]:
    rng = random.Random("employee_skills")
    common = [pk for pk, name in enumerate(SKILLS, 1) if name != NOBODYS_SKILL]
    return [
        {"employee_id": employee["id"], "skill_id": skill}
        for employee in employees()
        for skill in sorted(rng.sample(common, rng.choice([0, 1, 2, 2, 3, 4])))
    ]


def projects() -> list[Row]:
    rng = random.Random("projects")
    key = {name: pk for pk, name in enumerate(DEPARTMENTS, 1)}
    rows = []
    for pk, (name, code, department) in enumerate(PROJECTS, 1):
        starts_on = day(rng, date(2024, 1, 8), date(2025, 12, 1))
        ended_on = day(rng, starts_on + timedelta(days=30), date(2026, 2, 27))
        rows.append(
            {
                "id": pk,
                "name": name,
                "code": code,
                "department_id": key[department],
                "starts_on": starts_on,
                "ends_on": ended_on if rng.random() < 0.6 else None,
                "budget": f"{rng.randrange(20_000, 400_000, 2_500)}.00",
            }
        )
    return rows


def assignments() -> list[Row]:
    """Mostly people of the project's own department, the head or a colleague as lead."""
    rng = random.Random("assignments")
    staff = [row for row in employees() if row["is_active"] and row["id"] != 1]
    rows: list[Row] = []
    for project in projects():
        if project["name"] == PROJECT_WITHOUT_MEMBERS:
            continue
        own = [row for row in staff if row["department_id"] == project["department_id"]]
        team = rng.sample(own, min(len(own), rng.randint(2, 5)))
        others = [row for row in staff if row not in own]
        team += rng.sample(others, rng.randint(0, 3))
        for number, member in enumerate(team):
            rows.append(
                {
                    "id": len(rows) + 1,
                    "employee_id": member["id"],
                    "project_id": project["id"],
                    "role": ROLES[0] if number == 0 else rng.choice(ROLES[1:]),
                    "hours_per_week": rng.choice([2, 4, 8, 8, 12, 16, 20]),
                }
            )
    return rows


def customers() -> list[Row]:
    rng = random.Random("customers")
    crowd = people(rng)
    rows: list[Row] = []
    known: set[str] = set()
    for pk in range(1, 121):
        if pk <= len(SPECIAL_CUSTOMERS):
            name, plain, city, country, birthday = SPECIAL_CUSTOMERS[pk - 1]
            joined_on = date(2024, 1, 1) + timedelta(days=pk)
        else:
            name, plain, city, country = next(crowd)
            while name in known:
                name, plain, city, country = next(crowd)
            birthday = day(rng, date(1950, 1, 1), date(2007, 12, 31)) if pk % 9 else None
            if birthday and (birthday.month, birthday.day) == (2, 29):
                birthday = birthday.replace(day=28)  # Only Cleo is born on 29 February.
            joined_on = day(rng, date(2024, 1, 2), date(2025, 12, 20))
        if pk > 114:  # They are new and have ordered nothing yet.
            joined_on = TODAY - timedelta(days=rng.randint(0, 1))
        known.add(name)
        rows.append(
            {
                "id": pk,
                "name": name,
                "email": address(plain, rng.choice(["example.com", "example.org", "example.net"])),
                "city": city,
                "country": country,
                "birthday": birthday,
                "joined_on": joined_on,
                "user_id": pk + 1 if pk <= 8 else None,
            }
        )
    return rows


def categories() -> list[Row]:
    key = {name: pk for pk, name in enumerate(CATEGORIES, 1)}
    return [
        {"id": key[name], "name": name, "parent_id": key[parent] if parent else None}
        for name, parent in CATEGORIES.items()
    ]


def products() -> list[Row]:
    rng = random.Random("products")
    key = {name: pk for pk, name in enumerate(CATEGORIES, 1)}
    rows: list[Row] = []
    for shelf in SHELVES.replace("\n  ", " ").strip().splitlines():
        category, items = shelf.split(" | ")
        for number, item in enumerate(items.split(", "), 1):
            name, _, price = item.rpartition(" ")
            rows.append(
                {
                    "id": len(rows) + 1,
                    "name": name,
                    "sku": f"{category[:3].upper()}-{number:03}",
                    "category_id": key[category],
                    "price": price,
                    "stock": 0 if name in SOLD_OUT else rng.randint(1, 120),
                    "is_active": name not in WITHDRAWN,
                }
            )
    return rows


def orders() -> list[Row]:
    """400 orders, oldest first; those who came first buy most."""
    rng = random.Random("orders")
    buyers = sorted(customers(), key=lambda row: row["joined_on"])
    sales = [row for row in employees() if row["department_id"] == 2]
    days = sorted(day(rng, date(2024, 1, 5), date(2026, 2, 28)) for _ in range(400))
    # On one day, the earlier hour comes first as well.
    moments = sorted(
        datetime.combine(when, time(rng.randint(7, 21), rng.randint(0, 59)), UTC) for when in days
    )
    rows: list[Row] = []
    number = Counter[int]()
    for pk, placed_at in enumerate(moments, 1):
        number[placed_at.year] += 1
        known = [row for row in buyers if row["joined_on"] < placed_at.date()]
        sellers = [row["id"] for row in sales if row["hired_on"] < placed_at.date()]
        age = (TODAY - placed_at.date()).days
        status = "new" if age < 8 else "paid" if age < 22 else "shipped"
        rows.append(
            {
                "id": pk,
                "number": f"{placed_at.year}-{number[placed_at.year]:04}",
                "customer_id": known[int(len(known) * rng.random() ** 2)]["id"],
                "seller_id": rng.choice(sellers) if rng.random() < 0.7 else None,
                "status": "cancelled" if age > 30 and rng.random() < 0.06 else status,
                "placed_at": placed_at.isoformat(),
            }
        )
    return rows


def order_lines() -> list[Row]:
    """1,000 lines for 399 orders; the order that came in last has none yet."""
    rng = random.Random("order_lines")
    sold = [row for row in products() if row["name"] not in NEVER_SOLD]
    rng.shuffle(sold)
    counts = [1] * 399
    while sum(counts) < 1000:
        number = rng.randrange(399)
        counts[number] += counts[number] < 6
    rows: list[Row] = []
    for order, count in zip(orders(), counts, strict=False):
        basket: dict[int, Row] = {}
        while len(basket) < count:
            product = sold[int(len(sold) * rng.random() ** 1.5)]
            basket[product["id"]] = product
        for product in basket.values():
            price = Decimal(product["price"])
            if order["placed_at"] < PRICES_ROSE_ON.isoformat():
                price = (price * Decimal("0.9")).quantize(Decimal("0.01"))
            rows.append(
                {
                    "id": len(rows) + 1,
                    "order_id": order["id"],
                    "product_id": product["id"],
                    "quantity": rng.choice([1, 1, 1, 2, 2, 3, 6]) if price < 100 else 1,
                    "unit_price": price,
                }
            )
    return rows


def reviews() -> list[Row]:
    """150 reviews by people who bought the product, oldest first."""
    rng = random.Random("reviews")
    order = {row["id"]: row for row in orders() if row["status"] == "shipped"}
    bought = {}
    for line in order_lines():
        if line["order_id"] in order:
            parent = order[line["order_id"]]
            bought[line["product_id"], parent["customer_id"]] = parent["placed_at"]
    mallory = next(row["id"] for row in customers() if "Mallory" in row["name"])
    hostile = min(pair for pair in bought if pair[1] == mallory)
    others = rng.sample([pair for pair in sorted(bought) if pair != hostile], 149)
    rows = []
    for product, customer in [hostile, *others]:
        rating = rng.choices([1, 2, 3, 4, 5], [6, 8, 18, 36, 32])[0]
        text = rng.choice(REVIEWS[rating])
        written_on = date.fromisoformat(bought[product, customer][:10])
        rows.append(
            {
                "product_id": product,
                "customer_id": customer,
                "rating": rating,
                "text": "<script>alert(1)</script>" if (product, customer) == hostile else text,
                "written_on": min(TODAY, written_on + timedelta(days=rng.randint(4, 40))),
            }
        )
    rows.sort(key=lambda row: row["written_on"])
    return [{"id": pk} | row for pk, row in enumerate(rows, 1)]


def memberships() -> list[Row]:
    """The first ten customers, and four of ten others."""
    rng = random.Random("memberships")
    zones = dict(entry.strip().rsplit(" ", 1) for entry in TIME_ZONES.split(","))
    rows: list[Row] = []
    for customer in customers():
        if customer["id"] <= len(SPECIAL_ENDS):
            ends_in = SPECIAL_ENDS[customer["id"] - 1]
        elif rng.random() < 0.4:
            ends_in = rng.randint(-60, 364)
        else:
            continue
        ends_on = TODAY + timedelta(days=ends_in)
        rows.append(
            {
                "id": len(rows) + 1,
                "customer_id": customer["id"],
                "time_zone": zones.get(customer["city"]) or zones[customer["country"]],
                "starts_on": min(customer["joined_on"] + timedelta(days=7), ends_on, TODAY),
                "ends_on": ends_on,
            }
        )
    return rows


def users() -> list[Row]:
    email = {row["user_id"]: row["email"] for row in customers()}
    return [
        {
            "id": pk,
            "username": username,
            "password": PASSWORD,
            "first_name": first_name,
            "last_name": last_name,
            "email": email.get(pk) or address(username, "northlight.example"),
            "is_staff": username == "admin",
            "is_superuser": username == "admin",
            "date_joined": datetime.combine(date(2024, 1, 1 + pk), time(9), UTC).isoformat(),
        }
        for pk, (username, first_name, last_name) in enumerate(USERS, 1)
    ]


def profiles() -> list[Row]:
    """Every second user has one. The numbers are set aside for use in fiction."""
    return [
        {
            "id": pk,
            "user_id": 2 * pk,
            "phone": f"+44 20 7946 0{100 + 37 * pk}" if pk != 4 else "",
            "newsletter": pk % 2 == 1,
        }
        for pk in range(1, len(USERS) // 2 + 1)
    ]


def notices() -> list[Row]:
    """What became of the customers' last orders, a catalogue for nearly all, news for the admin."""
    key = {username: pk for pk, (username, _, _) in enumerate(USERS, 1)}
    user_of = {row["id"]: row["user_id"] for row in customers()}
    rows: list[Row] = []

    def add(user: int, text: str, url: str, created_at: datetime) -> None:
        rows.append({"user_id": user, "text": text, "url": url, "created_at": created_at})

    for order in orders():
        user, status = user_of[order["customer_id"]], order["status"]
        if user and status in ORDER_NOTICES and order["placed_at"] > "2025-09":
            text, days = ORDER_NOTICES[status]
            placed_at = datetime.fromisoformat(order["placed_at"])
            url = f"/orders/{order['id']}/"
            add(user, text.format(order["number"]), url, placed_at + timedelta(days=days))
    for username, pk in key.items():
        if username not in ("admin", USER_WITHOUT_NOTICES):
            text = "The spring catalogue is here: plants, tools & books."
            add(pk, text, "/products/", datetime(2026, 2, 20, 8, tzinfo=UTC))
    for number, product in enumerate(row for row in products() if row["name"] in SOLD_OUT):
        day = datetime(2026, 2, 9 + 4 * number, 6, tzinfo=UTC)
        add(key["admin"], f"{product['name']} is sold out.", f"/products/{product['id']}/", day)
    hostile = "Mallory <script>alert(1)</script> has changed her name."
    add(key["admin"], hostile, "", datetime(2026, 2, 27, 15, 4, tzinfo=UTC))
    rows.sort(key=lambda row: (row["created_at"], row["user_id"]))
    for username, pk in key.items():
        own = [row for row in rows if row["user_id"] == pk]
        for age, row in enumerate(reversed(own), 1):
            read_at = row["created_at"] + timedelta(hours=age)
            row["read_at"] = None if age <= UNREAD.get(username, 0) else read_at.isoformat()
    for row in rows:
        row["created_at"] = row["created_at"].isoformat()
    return [{"id": pk} | row for pk, row in enumerate(rows, 1)]


TABLES = (
    users, profiles, departments, skills, employees, employee_skills, projects, assignments,
    customers, categories, products, orders, order_lines, reviews,
    notices, memberships,
)  # fmt: skip


def write(folder: Path) -> None:
    """Write one CSV file for each table: UTF-8, a header, the same line ends everywhere."""
    for table in TABLES:
        rows = table()
        with (folder / f"{table.__name__}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
