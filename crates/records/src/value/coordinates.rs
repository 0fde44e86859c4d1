//! Longitude and latitude as people and programs write them in one cell.

use super::characters::half_width;

/// Longitude, latitude and what stands behind them: `112.98,28.10 address`, `112°58′48″,28°6′0″`, `E112.98 N28.10`, `北纬28.10 东经112.98`,
/// `POINT(112.98 28.10)`.
pub(super) fn read(written: &str) -> Option<(f64, f64, String)> {
    let half = plain(written);
    let mut rest = Rest(inner(&half));
    let first = rest.angle()?;
    // Between two numbers something must stand, if no mark of either does it.
    if !rest.separator() && !first.is_marked {
        return None;
    }
    let second = rest.angle()?;
    let behind = rest.0;
    if !(behind.is_empty() || second.is_marked || second.is_closed || behind.starts_with([' ', '\t', ',', ';', '、']))
    {
        return None;
    }
    let address = behind.trim_start_matches([' ', '\t', ',', ';', '、']).trim_end();
    // A third number is a height or part of something else, and no address.
    if address.parse::<f64>().is_ok() {
        return None;
    }
    let (lon, lat) = match (first.side, second.side) {
        (Some('N' | 'S'), Some('E' | 'W') | None) | (None, Some('E' | 'W')) => (second, first),
        (Some('E' | 'W') | None, Some('N' | 'S') | None) => (first, second),
        _ => return None,
    };
    Some((lon.degrees, lat.degrees, as_written(written, address)))
}

/// An address as it stands at the end of the text, in the width in which it was written there.
fn as_written(written: &str, address: &str) -> String {
    let characters: Vec<char> = written.trim().chars().collect();
    let count = address.chars().count();
    // A bracket may stand behind it.
    let ends = [characters.len(), characters.len().saturating_sub(1)];
    let tails = ends.into_iter().filter_map(|end| characters.get(end.checked_sub(count)?..end));
    let same = |tail: &&[char]| tail.iter().copied().map(half_width).eq(address.chars());
    tails.into_iter().find(same).map_or_else(|| address.to_owned(), |tail| tail.iter().collect())
}

/// Whether a text has two numbers and nothing but numbers, marks of degrees and sides: coordinates, though not readable ones.
pub(super) fn looks_like_them(written: &str) -> bool {
    let half = plain(written);
    let text = inner(&half);
    let numbers =
        text.split(|character: char| !character.is_ascii_digit() && character != '.').filter(|part| !part.is_empty());
    let of_coordinates = |character: char| {
        character.is_ascii_digit() || character.is_whitespace() || ".,;、+-°度′'分″\"秒:NSEWZM()".contains(character)
    };
    let has_fraction = text.contains(['.', '°', '度', '′']);
    numbers.count() >= 2 && has_fraction && text.chars().all(of_coordinates)
}

/// In half width and capitals, with sides as letters.
fn plain(written: &str) -> String {
    let half: String = written.trim().chars().map(half_width).collect();
    let named = [
        ("东经", "E"),
        ("西经", "W"),
        ("北纬", "N"),
        ("南纬", "S"),
        ("经度:", "E"),
        ("纬度:", "N"),
        ("经度", "E"),
        ("纬度", "N"),
    ];
    let begins = half.chars().next().is_some_and(|first| first.is_ascii() || "东西南北经纬".contains(first));
    if !begins {
        return half;
    }
    named.iter().fold(half, |text, (word, side)| text.replace(word, side))
}

/// What stands in the brackets of `POINT(112.98 28.10)` or of the whole text.
fn inner(text: &str) -> &str {
    let start =
        text.get(..5).filter(|word| word.eq_ignore_ascii_case("POINT")).map_or(text, |_| text[5..].trim_start());
    let start = start.strip_prefix(['Z', 'z']).map_or(start, str::trim_start);
    start.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).map_or(text, str::trim)
}

/// An angle in degrees, and the side of the globe if it is said.
struct Angle {
    degrees: f64,
    side: Option<char>,
    /// It ends with a mark of minutes, seconds or of a side: another angle may follow at once.
    is_marked: bool,
    /// It ends with a mark of degrees: an address may follow at once.
    is_closed: bool,
}

/// North, south, east, west.
const SIDES: &str = "NSEWnsew";

struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn angle(&mut self) -> Option<Angle> {
        let before = self.side();
        let negative = self.one_of("-").is_some();
        let mut degrees = self.number()?;
        let is_closed = self.one_of("°度º˚").is_some();
        let mut is_marked = false;
        if is_closed && let Some(minutes) = self.number_before(&["′", "'", "分", "’"]) {
            is_marked = true;
            degrees += minutes / 60.0;
            if let Some(seconds) = self.number_before(&["″", "\"", "秒", "”", "''", "′′", "’’"]) {
                degrees += seconds / 3600.0;
            }
        }
        let side = before.or_else(|| self.side_behind());
        is_marked |= side.is_some();
        let negative = negative || matches!(side, Some('S' | 'W'));
        Some(Angle { degrees: if negative { -degrees } else { degrees }, side, is_marked, is_closed })
    }

    /// A side behind an angle: a letter that begins no word.
    fn side_behind(&mut self) -> Option<char> {
        let mut rest = Rest(self.0.trim_start());
        let side = rest.one_of(SIDES)?.to_ascii_uppercase();
        let ends = rest.0.chars().next().is_none_or(|next| !next.is_alphanumeric());
        // Behind a blank, before a number: the side of the next angle.
        if !ends {
            return None;
        }
        self.0 = rest.0;
        Some(side)
    }

    fn side(&mut self) -> Option<char> {
        let side = self.one_of(SIDES)?.to_ascii_uppercase();
        self.0 = self.0.trim_start_matches([':', ' ']);
        Some(side)
    }

    fn number(&mut self) -> Option<f64> {
        let text = self.0.trim_start();
        let end = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
        let number = text[..end].parse().ok()?;
        self.0 = &text[end..];
        Some(number)
    }

    /// A number, if one of the marks stands behind it.
    fn number_before(&mut self, marks: &[&str]) -> Option<f64> {
        let mut rest = Rest(self.0);
        let number = rest.number()?;
        let behind = marks.iter().find_map(|mark| rest.0.strip_prefix(mark))?;
        self.0 = behind;
        Some(number)
    }

    fn separator(&mut self) -> bool {
        let rest = self.0.trim_start_matches([',', ';', '、', ' ', '\t']);
        let found = rest.len() < self.0.len();
        self.0 = rest;
        found
    }

    fn one_of(&mut self, marks: &str) -> Option<char> {
        let first = self.0.chars().next().filter(|first| marks.contains(*first))?;
        self.0 = &self.0[first.len_utf8()..];
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("112.98,28.10", ""; "plain")]
    #[test_case("112.98,28.10 雨花亭", "雨花亭"; "with an address")]
    #[test_case("１１２．９８，２８．１０　雨花亭", "雨花亭"; "full width")]
    #[test_case("112.98°;28.10° 雨花亭", "雨花亭"; "degrees")]
    #[test_case("112°58′48″,28°6′0″", ""; "minutes and seconds")]
    #[test_case("112°58'48\" 28°6'0\" 雨花亭", "雨花亭"; "marks of a keyboard")]
    #[test_case("112度58分48秒，28度6分", ""; "in Chinese")]
    #[test_case("112°58.8′E,28°6′N", ""; "minutes with decimals, and sides")]
    #[test_case("E112.98 N28.10", ""; "sides before")]
    #[test_case("112.98E, 28.10N", ""; "sides behind")]
    #[test_case("N28.10 E112.98", ""; "latitude first, with its side")]
    #[test_case("北纬28.10，东经112.98 雨花亭", "雨花亭"; "sides in Chinese")]
    #[test_case("北纬28°6′0″东经112°58′48″", ""; "without a separator")]
    #[test_case("经度：112.98，纬度：28.10", ""; "named")]
    #[test_case("112.98° 28.10°", ""; "degrees and a blank")]
    #[test_case("112.98 E 28.10 N", ""; "sides behind blanks")]
    #[test_case("POINT(112.98 28.10)", ""; "well-known text")]
    #[test_case("Point (112.98 28.10)", ""; "well-known text with a blank")]
    #[test_case("(112.98, 28.10)", ""; "brackets")]
    fn coordinates_are_read(written: &str, address: &str) {
        let (lon, lat, behind) = read(written).unwrap_or_else(|| panic!("{written}"));
        assert!((lon - 112.98).abs() < 1e-9 && (lat - 28.10).abs() < 1e-9, "{lon} {lat}");
        assert_eq!(behind, address);
    }

    #[test_case("112.98,28.10,50"; "a height")]
    #[test_case("POINT Z (112.98 28.10 50)"; "a height in well-known text")]
    #[test_case("112.98"; "one number")]
    #[test_case("E112.98 E28.10"; "one side twice")]
    fn what_is_not_a_pair_is_not_read(written: &str) {
        assert!(read(written).is_none());
    }

    #[test_case("112.98,28.10,50" => true; "three numbers")]
    #[test_case("112°58,28°6" => true; "marks that are missing")]
    #[test_case("E112.98 E28.10" => true; "one side twice")]
    #[test_case("雨花亭5栋3单元" => false; "an address with numbers")]
    #[test_case("12 34号" => false; "a number of a house")]
    #[test_case("5-3" => false; "a short number of a house")]
    #[test_case("S21.5公里处" => false; "a road")]
    fn an_address_is_told_from_coordinates(written: &str) -> bool {
        read(written).is_some() || looks_like_them(written)
    }
}
