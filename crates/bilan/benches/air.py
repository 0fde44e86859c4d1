"""Days and their index with pandas, as an analyst would write them: the yardstick of `cargo bench -p bilan --bench air`.

Reads the hourly CSV of the first argument, writes the daily CSV to the second and prints the seconds that it took, file to file."""
import sys, time
import numpy as np
import pandas as pd

POINTS = {
    "so2": [0, 50, 150, 475, 800, 1600, 2100, 2620],
    "no2": [0, 40, 80, 180, 280, 565, 750, 940],
    "co": [0, 2, 4, 14, 24, 36, 48, 60],
    "o3_8h": [0, 100, 160, 215, 265, 800],
    "pm10": [0, 50, 150, 250, 350, 420, 500, 600],
    "pm2_5": [0, 35, 75, 115, 150, 250, 350, 500],
}
INDEX = [0, 50, 100, 150, 200, 300, 400, 500]


def main(source, target):
    began = time.perf_counter()
    hours = pd.read_csv(source, parse_dates=["time"])
    begins = hours["time"] - pd.Timedelta(hours=1)
    hours["date"], hours["hour"] = begins.dt.normalize(), begins.dt.hour
    by_day = hours.groupby(["station", "date"], sort=False)
    means = by_day[["so2", "no2", "co", "pm10", "pm2_5"]].mean()
    means = means.where(by_day[["so2", "no2", "co", "pm10", "pm2_5"]].count() >= 20)
    ozone = hours.pivot_table(index=["station", "date"], columns="hour", values="o3", dropna=False, sort=False)
    ozone = ozone.reindex(index=means.index, columns=range(24)).to_numpy()
    windows = np.lib.stride_tricks.sliding_window_view(ozone, 8, axis=1)
    counts = np.isfinite(windows).sum(axis=2)
    eight = np.where(counts >= 6, np.nansum(windows, axis=2) / np.maximum(counts, 1), np.nan)
    largest = np.nanmax(np.where(np.isfinite(eight), eight, -1), axis=1)
    enough = (np.isfinite(eight).sum(axis=1) >= 14) | (largest > 160)
    means["o3_8h"] = np.where(enough & (largest >= 0), largest, np.nan)
    printed = means.round({"so2": 0, "no2": 0, "co": 1, "o3_8h": 0, "pm10": 0, "pm2_5": 0})
    single = {}
    for item, points in POINTS.items():
        single[item] = np.ceil(np.interp(printed[item], points, INDEX[: len(points)]))
    single = pd.DataFrame(single, index=printed.index)
    printed["aqi"] = single.max(axis=1).where(printed[list(POINTS)].notna().all(axis=1))
    printed["level"] = np.searchsorted([50, 100, 150, 200, 300], printed["aqi"]) + 1
    primary = single.eq(single.max(axis=1), axis=0) & (printed["aqi"] > 50).to_numpy()[:, None]
    names = np.array(list(POINTS))
    printed["primary"] = ["+".join(names[row]) for row in primary.to_numpy()]
    columns = ["so2", "no2", "co", "o3_8h", "pm10", "pm2_5", "aqi", "level", "primary"]
    printed[columns].reset_index().to_csv(target, index=False)
    print(time.perf_counter() - began)


main(*sys.argv[1:3])
