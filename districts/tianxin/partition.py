"""Divides the district's outline into streets, communities and grid cells, and draws its rivers.

Made once; the program reads only what it wrote. Run it again from this folder after a change of the sources:

    python3 -m venv .venv && .venv/bin/pip install shapely numpy pypinyin && .venv/bin/python partition.py

Only the outer boundary comes from data. Everything inside is illustrative: streets are the Voronoi cells of plausible
centres, communities those of points spread evenly over their street. Nothing here is a survey or an official line.
"""

import csv
import json
import math

import numpy as np
from pypinyin import lazy_pinyin
from shapely import MultiPoint, Point, set_precision, transform
from shapely.geometry import LineString, mapping, shape
from shapely.ops import nearest_points, unary_union, voronoi_diagram

# Centres of the streets, GCJ-02, from their lie to one another (north to south, the Xiang to the west).
CENTRES = {
    "430103002": (112.9715, 28.1885),  # 坡子街
    "430103004": (112.9805, 28.1810),  # 城南路
    "430103005": (112.9720, 28.1690),  # 裕南街
    "430103006": (112.9810, 28.1585),  # 金盆岭
    "430103010": (112.9740, 28.1470),  # 赤岭路
    "430103007": (112.9690, 28.1270),  # 新开铺
    "430103008": (112.9960, 28.1340),  # 青园
    "430103011": (112.9890, 28.1230),  # 文源
    "430103009": (112.9840, 28.1110),  # 桂花坪
    "430103012": (112.9950, 28.0930),  # 先锋
    "430103013": (112.9640, 28.0970),  # 黑石铺
    "430103014": (112.9560, 28.0660),  # 大托铺
    "430103015": (113.0080, 28.0430),  # 暮云
    "430103016": (112.9900, 27.9960),  # 南托
}

# Where the tributaries rise and how they bend, GCJ-02; each runs on to the nearest point of the Xiang.
TRIBUTARIES = [
    ("xinkaipu", "新开铺河", "Xinkaipu River", [(112.9930, 28.1290), (112.9860, 28.1310), (112.9760, 28.1300), (112.9660, 28.1330)]),
    ("heishipu", "黑石铺河", "Heishipu River", [(112.9960, 28.0960), (112.9880, 28.0990), (112.9780, 28.0985), (112.9670, 28.1020)]),
    ("datuo", "大托河", "Datuo River", [(112.9960, 28.0640), (112.9820, 28.0660), (112.9690, 28.0625), (112.9520, 28.0650)]),
    ("muyun", "暮云河", "Muyun River", [(113.0250, 28.0500), (113.0100, 28.0400), (112.9940, 28.0330), (112.9740, 28.0290)]),
]

SEMI_MAJOR, ECCENTRICITY2 = 6378245.0, 0.00669342162296594323


def to_gcj02(lon, lat):
    x, y = lon - 105.0, lat - 35.0
    wave = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave
    d_lat += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    d_lat += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave
    d_lon += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    d_lon += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    root = 1 - ECCENTRICITY2 * math.sin(math.radians(lat)) ** 2
    d_lat = math.degrees(d_lat / (SEMI_MAJOR * (1 - ECCENTRICITY2) / (root * math.sqrt(root))))
    d_lon = math.degrees(d_lon / (SEMI_MAJOR / math.sqrt(root) * math.cos(math.radians(lat))))
    return lon + d_lon, lat + d_lat


def to_wgs84(lon, lat):
    """The point whose GCJ-02 image is the given one, to within a millimetre."""
    guess_lon, guess_lat = lon, lat
    for _ in range(8):
        image_lon, image_lat = to_gcj02(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon - (image_lon - lon), guess_lat - (image_lat - lat)
    return guess_lon, guess_lat


def whole(geometry, digits=6):
    """Vertices to six decimals, without slivers."""
    return set_precision(geometry, 10**-digits)


def divide(area, seeds):
    """The parts of an area nearest to each seed."""
    regions = list(voronoi_diagram(MultiPoint(seeds), envelope=area.envelope.buffer(1)).geoms)
    return [whole(next(r for r in regions if r.contains(Point(s))).intersection(area)) for s in seeds]


def spread(area, number, rng):
    """Points spread evenly over an area (Lloyd's method on a fixed cloud), from north to south."""
    west, south, east, north = area.bounds
    cloud = []
    while len(cloud) < 3000:
        point = (rng.uniform(west, east), rng.uniform(south, north))
        if area.contains(Point(point)):
            cloud.append(point)
    cloud = np.array(cloud)
    seeds = cloud[:number].copy()
    for _ in range(40):
        nearest = ((cloud[:, None, :] - seeds[None]) ** 2).sum(2).argmin(1)
        seeds = np.array([cloud[nearest == k].mean(0) for k in range(number)])
    return sorted(map(tuple, seeds.tolist()), key=lambda point: (-point[1], point[0]))


def english(name, level):
    word, kind = name, {"street": "Subdistrict", "community": "Community"}[level]
    for ending, meaning in [("新村村委会", "New Village"), ("村委会", "Village"), ("社区居委会", "Community"), ("街道", "Subdistrict"), ("社区", "Community"), ("新村", "New Village")]:
        if name.endswith(ending):
            word, kind = name[: -len(ending)], meaning
            break
    return f"{''.join(lazy_pinyin(word)).capitalize()} {kind}"


def feature(properties, geometry):
    return {"type": "Feature", "properties": properties, "geometry": mapping(geometry)}


def write(name, features):
    with open(name, "w", encoding="utf-8") as file:
        lines = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
        file.write('{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n")


def main():
    rng = np.random.default_rng(430103)
    with open("source/boundary_430103.gcj02.geojson", encoding="utf-8") as file:
        outline_gcj = shape(json.load(file)["features"][0]["geometry"])
    district = whole(transform(outline_gcj, lambda points: np.array([to_wgs84(*point) for point in points])))
    with open("source/divisions.tsv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))

    streets = dict(zip(CENTRES, divide(district, [to_wgs84(*c) for c in CENTRES.values()])))
    named = {row["code"]: row["name"] for row in rows}
    above, below = [], []
    for code in sorted(CENTRES):
        communities = [row for row in rows if row["parent"] == code]
        parts = divide(streets[code], spread(streets[code], len(communities), rng))
        street = {"code": code, "name": named[code], "name_en": english(named[code], "street"), "level": "street", "parent": "430103"}
        above.append(feature(street, whole(unary_union(parts))))
        for row, part in zip(communities, parts):
            name_en = english(row["name"], "community")
            below.append((feature({"code": row["code"], "name": row["name"], "name_en": name_en, "level": "community", "parent": code}, part)))
    cells = []
    for community in below:
        p = community["properties"]
        short = p["name"].removesuffix("居委会").removesuffix("村委会")
        short = short if short.endswith(("社区", "村")) else short + "村"
        cells.append({**community, "properties": {"code": p["code"] + "-01", "name": short + "第一网格", "name_en": p["name_en"] + " grid cell 1", "level": "cell", "parent": p["code"]}})
    top = feature({"code": "430103", "name": "天心区", "name_en": "Tianxin District", "level": "district", "parent": ""}, district)
    write("cells.geojson", [top, *above, *below, *cells])

    # The western boundary runs in the Xiang: the river's line is drawn some 250 m inside of it, from south to north.
    ring = list(outline_gcj.geoms[0].exterior.coords)
    west = LineString([to_wgs84(*ring[i]) for i in range(145, 168)])
    xiang = west.offset_curve(-0.0024, join_style="round").simplify(0.0003).intersection(district)
    xiang = max(getattr(xiang, "geoms", [xiang]), key=lambda line: line.length)
    if xiang.coords[0][1] > xiang.coords[-1][1]:
        xiang = LineString(list(xiang.coords)[::-1])
    rivers = [feature({"code": "xiangjiang", "name": "湘江", "name_en": "Xiang River", "main": True, "illustrative": True}, whole(xiang))]
    for code, name, name_en, course in TRIBUTARIES:
        points = [to_wgs84(*point) for point in course]
        mouth = nearest_points(xiang, Point(points[-1]))[0]
        line = LineString([*points, (mouth.x, mouth.y)])
        assert district.covers(line), code
        rivers.append(feature({"code": code, "name": name, "name_en": name_en, "main": False, "illustrative": True}, whole(line)))
    write("rivers.geojson", rivers)


if __name__ == "__main__":
    main()
