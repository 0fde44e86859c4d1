//! “Did you mean …?”: the known name that looks most like a mistaken one.

use super::Label;

/// The candidate within a third of the word's length of edits (transpositions count as one), if there is one that shares a character with it.
#[must_use]
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let limit = (length / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < length.max(candidate.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The label of which the key or the text in either language looks most like a mistaken word.
pub(crate) fn closest_label<'l>(word: &str, labels: &[(&'l str, &'l Label)]) -> Option<&'l Label> {
    let names = |(key, label): &(&'l str, &'l Label)| [*key, &label.zh, &label.en];
    let name = closest(word, labels.iter().flat_map(names))?;
    labels.iter().find(|named| names(named).contains(&name)).map(|(_, label)| *label)
}

/// Optimal string alignment distance: insertions, deletions, substitutions, neighbours swapped.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for row in 1..=left.len() {
        let mut now = vec![row];
        for column in 1..=right.len() {
            let same = left[row - 1] == right[column - 1];
            let mut best = (last[column] + 1).min(now[column - 1] + 1).min(last[column - 1] + usize::from(!same));
            let swapped =
                row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1];
            if swapped {
                best = best.min(before[column - 2] + 1);
            }
            now.push(best);
        }
        before = std::mem::replace(&mut last, now);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("categroy", Some("category"); "two letters swapped")]
    #[test_case("recieved_at", Some("received_at"); "ie for ei")]
    #[test_case("enterprize", Some("enterprise"); "one letter")]
    #[test_case("quantity", None; "something else")]
    #[test_case("n", None; "a single letter is no misspelling")]
    #[test_case("红", None; "another character is no misspelling")]
    fn the_name_that_was_meant_is_found(word: &str, meant: Option<&str>) {
        assert_eq!(closest(word, ["category", "received_at", "enterprise", "state", "蓝"]), meant);
    }
}
