"""Names to draw people from: first and last names are kept together as families give them."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Names:
    """First and last names that go together, and how common they are among a hundred people."""

    share: int
    first: tuple[str, ...]
    last: tuple[str, ...]


def _names(share: int, first: str, last: str) -> Names:
    return Names(share, tuple(first.split()), tuple(name.replace("_", " ") for name in last.split()))


ALL = (
    _names(
        40,
        "Olivia Jack Charlotte Noah Amelia William Isla Thomas Grace Henry Ruby Liam Chloe Ethan Matilda Lachlan "
        "Zoe Angus Evie Hamish Phoebe Darcy Georgia Callum Imogen Riley Bronte Blake Tahlia Declan",
        "Smith Jones Taylor Wilson Campbell Murphy Kelly Walsh Fraser Bennett Hughes Doyle Marshall Carter "
        "Sutherland Pearce Whitlock Barlow Ferguson Lawson Hartley O'Connor Byrne McKenzie Reid Palmer",
    ),
    _names(
        12,
        "Priya Arjun Ananya Rohan Kavya Vikram Meera Sanjay Divya Nikhil Asha Harpreet",
        "Patel Sharma Singh Raman Iyer Nair Gupta Reddy Kaur Menon Fernando Perera",
    ),
    _names(
        12,
        "Mei Wei Jia Hao Lin Grace Kevin Vivian Jason Yan Emily Michelle",
        "Chen Wang Li Zhang Liu Huang Wong Lam Chan Lau Zhao Cheung",
    ),
    _names(
        9,
        "Linh Minh Thu Anh Huy Lan Kim Bao Trang Tuan Vivian Daniel",
        "Nguyen Tran Le Pham Hoang Vo Dang Bui Do Ngo",
    ),
    _names(
        8,
        "Maria Jose Angela Paolo Cristina Rafael Liza Ramon Grace Mark Joy Carlo",
        "Santos Reyes Cruz Bautista Garcia Mendoza Dela_Cruz Ramos Villanueva Aquino",
    ),
    _names(
        7,
        "Layla Omar Yasmin Karim Noor Hassan Rania Ali Zahra Tariq Maryam Elias",
        "Haddad Khoury Rahman Aziz Farah Mansour Khalil Ahmadi Hosseini Saleh",
    ),
    _names(
        6,
        "Sofia Luca Elena Marco Eleni Nikos Giulia Dimitri Chiara Stavros Ana Goran",
        "Rossi Papadopoulos Romano Costa Marino Nikolaidis Bianchi Vella Kovac Petrovic",
    ),
    _names(
        3,
        "Aroha Tane Sione Mele Leilani Tevita Ngaire Manaia",
        "Tuilagi Taufa Walker Fonoti Parata Tamihana Faleolo Vainikolo",
    ),
    _names(
        3,
        "Amara Tom Abeba Kofi Achol Tendai Ngozi Samuel",
        "Okafor Mensah Deng Tesfaye Moyo Abebe Adeyemi Garang",
    ),
)
SHARES = tuple(names.share for names in ALL)


def draw(random: Random, taken: set[tuple[str, str]]) -> tuple[str, str]:
    """A first and a last name that nobody has yet."""
    while True:
        (names,) = random.choices(ALL, SHARES)
        name = random.choice(names.first), random.choice(names.last)
        if name not in taken:
            taken.add(name)
            return name
