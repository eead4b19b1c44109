"""Writes holidays.tsv: the public holidays that `[calendar] holiday_countries` can name.

Made with Python's `holidays` 0.109 (MIT licence, https://pypi.org/project/holidays/):
    pip install holidays==0.109 && python holidays.py > holidays.tsv
One line per day: key, date, name. The key is an ISO 3166-1 country or, for what only a part of it keeps, an
ISO 3166-2 subdivision; the days of `DE-BY` are those of `DE` and of `DE-BY`. Holidays that follow the moon
are estimates for years to come, as in the library.
"""

import os
import re
import sys

# The script's own name would hide the library's.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]
import holidays  # noqa: E402

YEARS = range(2025, 2038)

COUNTRIES = """
AE AR AT AU BE BG BO BR CA CH CL CN CO CR CY CZ DE DK EC EE EG ES FI FR GB GR GT HK HR HU ID IE IL IN IS IT JO JP
KE KR KZ LI LT LU LV MA MD ME MK MT MX MY NG NL NO NZ PA PE PH PK PL PT PY RO RS SA SE SG SI SK TH TN TR TW US UY VN ZA
""".split()

# Where the parts of a country differ a good deal.
SUBDIVIDED = "AU CA CH DE ES GB".split()


def days(country, subdivision=None):
    try:
        found = holidays.country_holidays(country, subdiv=subdivision, years=YEARS, language="en_US")
    except Exception:  # no English names: the country's own
        found = holidays.country_holidays(country, subdiv=subdivision, years=YEARS)
    return {day: " ".join(name.split()) for day, name in found.items() if day.year in YEARS}


def rows():
    for country in COUNTRIES:
        national = days(country)
        parts = {}
        if country in SUBDIVIDED:
            for part in sorted(holidays.country_holidays(country, years=2026).subdivisions):
                if re.fullmatch("[A-Z0-9]{1,3}", part):  # single towns are left out
                    parts[part] = days(country, part)
        for day in sorted(national):
            yield country, day, national[day]
        for part, found in parts.items():
            for day in sorted(found.keys() - national.keys()):
                yield f"{country}-{part}", day, found[day]


for key, day, name in rows():
    print(f"{key}\t{day}\t{name}")
