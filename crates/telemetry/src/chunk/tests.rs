use proptest::prelude::*;

use super::*;

fn entry(at: i64, text: &str, flag: Option<&str>) -> Entry {
    let value: f64 = text.parse().unwrap();
    Entry {
        at,
        value,
        text: Some(text.to_owned()).filter(|text| *text != value.to_string()),
        flag: flag.map(str::to_owned),
    }
}

#[test]
fn texts_come_back_to_the_last_character() {
    let texts = ["7.10", "7.1", "7", "-0.00", "+3.5", "1e3", "8.234567890123456789", "0.1", "007", "-12.50", "1e300"];
    let entries: Vec<Entry> =
        texts.iter().enumerate().map(|(n, text)| entry(n as i64 * 60_000, text, Some("N"))).collect();
    let back = decode(&encode(&entries)).unwrap();
    assert_eq!(back, entries);
    let printed: Vec<String> =
        back.iter().map(|entry| entry.text.clone().unwrap_or_else(|| entry.value.to_string())).collect();
    assert_eq!(printed, texts);
}

#[test]
fn a_day_of_minutes_takes_less_than_two_bytes_a_value() {
    let mut level = 7.4;
    let entries: Vec<Entry> = (0..1440)
        .map(|minute: i64| {
            level += ((minute * 7919) % 13 - 6) as f64 * 0.004;
            entry(minute * 60_000, &format!("{level:.2}"), Some(if minute == 700 { "M" } else { "N" }))
        })
        .collect();
    let blob = encode(&entries);
    assert!(blob.len() < 2 * 1440, "{} bytes", blob.len());
    let numbers = numbers(&blob).unwrap();
    assert_eq!(numbers.values[3], entries[3].value);
    assert_eq!(numbers.valid.iter().filter(|valid| !**valid).count(), 1);
    assert_eq!(numbers.times[1439], 1439 * 60_000);
}

#[test]
fn damage_is_noticed() {
    let blob = encode(&[entry(0, "7.10", None), entry(60_000, "7.2", Some("N"))]);
    for place in 0..blob.len() {
        let mut bad = blob.clone();
        bad[place] ^= 0x10;
        assert!(decode(&bad).is_err(), "byte {place}");
    }
    assert!(decode(&blob[..blob.len() - 1]).is_err() && decode(&[]).is_err());
}

#[test]
fn days_are_those_of_beijing() {
    assert_eq!(end_of(day_of(1_717_171_200_000)), 1_717_171_200_000 + DAY);
    let midnight = 1_717_171_200_000; // 2024-06-01 00:00 in Beijing
    assert_eq!(day_of(midnight) - day_of(midnight - 1), 1);
    assert_eq!(day_of(midnight + DAY - 1), day_of(midnight));
}

#[test]
fn zero_keeps_its_sign() {
    let entries = vec![entry(0, "-0.0", None), entry(1, "0.0", None), entry(2, "-0.00", None)];
    let back = decode(&encode(&entries)).unwrap();
    assert!(back[0].value.is_sign_negative() && back[1].value.is_sign_positive());
    assert_eq!(back, entries);
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(raw in prop::collection::vec(
        (0..DAY, -1_000_000i64..1_000_000, 0usize..7, prop::option::of("[A-Z]{1,3}"), any::<bool>()), 0..300)
    ) {
        let mut entries: Vec<Entry> = raw
            .into_iter()
            .map(|(at, number, decimals, flag, odd)| {
                let text = format!("{:.*}", decimals, number as f64 / 1000.0);
                let text = if odd { format!("+{text}").replace("+-", "-0") } else { text };
                entry(at, &text, flag.as_deref())
            })
            .collect();
        entries.sort_by_key(|entry| entry.at);
        prop_assert_eq!(decode(&encode(&entries)).unwrap(), entries);
    }

    #[test]
    fn rubbish_is_refused_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
        let mut whole = bytes;
        let sum = check(&whole);
        whole.extend_from_slice(&sum.to_le_bytes());
        let _ = decode(&whole);
        let _ = numbers(&whole);
    }
}
