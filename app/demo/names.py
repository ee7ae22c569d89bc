"""Names to draw people from. First and last names are grouped so that they fit each other."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class NameGroup:
    """First and last names that fit each other, and their share among a hundred people."""

    share: int
    first: tuple[str, ...]
    last: tuple[str, ...]


def _group(share: int, first: str, last: str) -> NameGroup:
    return NameGroup(share, tuple(first.split()), tuple(name.replace("_", " ") for name in last.split()))


GROUPS = (
    _group(
        40,
        "Olivia Jack Charlotte Noah Amelia William Isla Thomas Grace Henry Ruby Liam Chloe Ethan Matilda Lachlan "
        "Zoe Angus Evie Hamish Phoebe Darcy Georgia Callum Imogen Riley Bronte Blake Tahlia Declan",
        "Smith Jones Taylor Wilson Campbell Murphy Kelly Walsh Fraser Bennett Hughes Doyle Marshall Carter "
        "Sutherland Pearce Whitlock Barlow Ferguson Lawson Hartley O'Connor Byrne McKenzie Reid Palmer",
    ),
    _group(
        12,
        "Priya Arjun Ananya Rohan Kavya Vikram Meera Sanjay Divya Nikhil Asha Harpreet",
        "Patel Sharma Singh Raman Iyer Nair Gupta Reddy Kaur Menon Fernando Perera",
    ),
    _group(
        12,
        "Mei Wei Jia Hao Lin Grace Kevin Vivian Jason Yan Emily Michelle",
        "Chen Wang Li Zhang Liu Huang Wong Lam Chan Lau Zhao Cheung",
    ),
    _group(
        9,
        "Linh Minh Thu Anh Huy Lan Kim Bao Trang Tuan Vivian Daniel",
        "Nguyen Tran Le Pham Hoang Vo Dang Bui Do Ngo",
    ),
    _group(
        8,
        "Maria Jose Angela Paolo Cristina Rafael Liza Ramon Grace Mark Joy Carlo",
        "Santos Reyes Cruz Bautista Garcia Mendoza Dela_Cruz Ramos Villanueva Aquino",
    ),
    _group(
        7,
        "Layla Omar Yasmin Karim Noor Hassan Rania Ali Zahra Tariq Maryam Elias",
        "Haddad Khoury Rahman Aziz Farah Mansour Khalil Ahmadi Hosseini Saleh",
    ),
    _group(
        6,
        "Sofia Luca Elena Marco Eleni Nikos Giulia Dimitri Chiara Stavros Ana Goran",
        "Rossi Papadopoulos Romano Costa Marino Nikolaidis Bianchi Vella Kovac Petrovic",
    ),
    _group(
        3,
        "Aroha Tane Sione Mele Leilani Tevita Ngaire Manaia",
        "Tuilagi Taufa Walker Fonoti Parata Tamihana Faleolo Vainikolo",
    ),
    _group(
        3,
        "Amara Tom Abeba Kofi Achol Tendai Ngozi Samuel",
        "Okafor Mensah Deng Tesfaye Moyo Abebe Adeyemi Garang",
    ),
)
SHARES = tuple(group.share for group in GROUPS)


def draw_name(random: Random, used: set[tuple[str, str]]) -> tuple[str, str]:
    """Draw a first and a last name that are not used together yet, and add them to `used`."""
    while True:
        (group,) = random.choices(GROUPS, SHARES)
        name = random.choice(group.first), random.choice(group.last)
        if name not in used:
            used.add(name)
            return name
