"""The words of the sandbox's shop: a Turkish fashion shop, each word with its English name."""

from typing import NamedTuple


class Word(NamedTuple):
    """A word in both languages."""

    tr: str
    en: str


class Kind(NamedTuple):
    """A kind of product: its name, its attribute set, the sizes that it comes in."""

    name: Word
    attribute_set: int
    sizes: tuple[str, ...]


class Attribute(NamedTuple):
    """An attribute of the channel and its flags."""

    name: str
    is_required: bool = False
    is_variant: bool = False
    is_custom: bool = False


CLOTHING, SHOES, ACCESSORIES = 1, 2, 3
ATTRIBUTE_SETS = {CLOTHING: "Giyim", SHOES: "Ayakkabı", ACCESSORIES: "Aksesuar"}

KINDS = (
    Kind(Word("Tişört", "T-Shirt"), CLOTHING, ("34", "36", "38", "40")),
    Kind(Word("Gömlek", "Shirt"), CLOTHING, ("S", "M", "L", "XL")),
    Kind(Word("Pantolon", "Trousers"), CLOTHING, ("30", "32", "34", "36")),
    Kind(Word("Elbise", "Dress"), CLOTHING, ("36", "38", "40", "42")),
    Kind(Word("Kazak", "Sweater"), CLOTHING, ("S", "M", "L", "XL")),
    Kind(Word("Spor Ayakkabı", "Sneaker"), SHOES, ("38", "39", "40", "41")),
    Kind(Word("Bot", "Boot"), SHOES, ("40", "41", "42", "43")),
    Kind(Word("Kemer", "Belt"), ACCESSORIES, ("85", "95", "105", "115")),
    Kind(Word("Şapka", "Hat"), ACCESSORIES, ("S", "M", "L", "XL")),
)

COLOURS = (
    Word("Kırmızı", "Red"),
    Word("Siyah", "Black"),
    Word("Beyaz", "White"),
    Word("Lacivert", "Navy"),
    Word("Yeşil", "Green"),
    Word("Mürdüm", "Plum"),
    Word("Gri", "Grey"),
    Word("Çağla", "Almond"),
)

MATERIALS = {
    CLOTHING: (Word("Pamuklu", "Cotton"), Word("Keten", "Linen"), Word("Yünlü", "Wool"), Word("İpek", "Silk")),
    SHOES: (Word("Deri", "Leather"), Word("Süet", "Suede"), Word("Kanvas", "Canvas")),
    ACCESSORIES: (Word("Deri", "Leather"), Word("Hasır", "Straw"), Word("Örgü", "Knit")),
}

GENDERS = ("Kadın", "Erkek", "Unisex")
ORIGINS = ("Türkiye", "İtalya", "Portekiz")

SIZE, COLOUR, MATERIAL, GENDER, ORIGIN, BARCODE, AGE = (
    "Beden",
    "Renk",
    "Materyal",
    "Cinsiyet",
    "Menşei",
    "Barkod",
    "Yaş Grubu",
)

_COMMON = (
    Attribute(SIZE, is_required=True, is_variant=True),
    Attribute(COLOUR, is_required=True, is_variant=True),
    Attribute(MATERIAL, is_required=True, is_custom=True),
    Attribute(GENDER, is_required=True),
    Attribute(ORIGIN),
    Attribute(BARCODE, is_custom=True),
    Attribute(AGE),
    Attribute("Sezon"),
    Attribute("Desen"),
    Attribute("Koleksiyon"),
)

ATTRIBUTES = {
    CLOTHING: (*_COMMON, Attribute("Kalıp"), Attribute("Yaka Tipi"), Attribute("Kol Tipi"), Attribute("Boy")),
    SHOES: (*_COMMON, Attribute("Taban Tipi"), Attribute("Topuk Boyu"), Attribute("Bağlama Şekli")),
    ACCESSORIES: (*_COMMON, Attribute("Toka Tipi"), Attribute("Astar Durumu")),
}
