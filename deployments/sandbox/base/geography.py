"""The places that the sandbox's buyers live in, as hub and marketplace both spell them."""

from typing import NamedTuple


class Country(NamedTuple):
    """A country; orders from an inactive one find no place."""

    name: str
    code: str
    is_active: bool = True


HOME = Country("Türkiye", "TR")
COUNTRIES = (HOME, Country("Almanya", "DE"), Country("Kuzey Kıbrıs", "CY", is_active=False))

CITIES: dict[str, dict[str, tuple[str, ...]]] = {
    "İstanbul": {
        "Kadıköy": ("Caferağa Mah.", "Moda Mah.", "Göztepe Mah."),
        "Beşiktaş": ("Levent Mah.", "Bebek Mah."),
        "Üsküdar": ("Acıbadem Mah.", "Çengelköy Mah."),
    },
    "Ankara": {"Çankaya": ("Kızılay Mah.", "Bahçelievler Mah."), "Keçiören": ("Etlik Mah.", "Şenlik Mah.")},
    "İzmir": {"Karşıyaka": ("Bostanlı Mah.", "Alaybey Mah."), "Konak": ("Alsancak Mah.", "Göztepe Mah.")},
    "Bursa": {"Nilüfer": ("Özlüce Mah.", "Görükle Mah."), "Osmangazi": ("Çekirge Mah.",)},
    "Antalya": {"Muratpaşa": ("Lara Mah.", "Meltem Mah."), "Konyaaltı": ("Gürsu Mah.",)},
    "Eskişehir": {"Odunpazarı": ("Büyükdere Mah.",), "Tepebaşı": ("Eskibağlar Mah.",)},
    "Muğla": {"Bodrum": ("Gümbet Mah.",), "Merkez": ("Şeyh Mah.",)},
    "Çanakkale": {"Merkez": ("Cevatpaşa Mah.",), "Gelibolu": ("Yazıcızade Mah.",)},
    "Iğdır": {"Merkez": ("Bağlar Mah.",)},
}
"""City → township → districts, all in the home country. Names of townships and districts repeat across their parents."""

ABROAD = {"DE": ("Berlin", "Köln")}
"""The cities of other countries, without townships."""

CARGO_COMPANIES: dict[str, str] = {
    "yurtici": "Yurtiçi Kargo",
    "aras": "Aras Kargo",
    "mng": "MNG Kargo",
    "ptt": "PTT Kargo",
    "surat": "Sürat Kargo",
    "ups": "UPS Kargo",
    "hepsijet": "HepsiJET",
    "trendyol-express": "Trendyol Express",
    "kolay-gelsin": "Kolay Gelsin",
    "horoz": "Horoz Lojistik",
    "ceva": "Ceva Lojistik",
    "sendeo": "Sendeo",
}
"""Names by ERP code: more than a page of them."""

RETAIL_STORES = {"MAG-IST-01": "Kadıköy Mağazası", "MAG-ANK-01": "Çankaya Mağazası"}
"""Names by ERP code."""
