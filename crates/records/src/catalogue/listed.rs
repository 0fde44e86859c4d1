//! Names in a sentence: a few of them, and how many there are.

use super::Label;

/// Names that a sentence lists one by one.
const LISTED: usize = 10;

/// These names in both languages, in their order: the first ten, and how many there are in all.
#[must_use]
pub fn listed<'l>(labels: impl IntoIterator<Item = &'l Label>) -> Label {
    let labels: Vec<&Label> = labels.into_iter().collect();
    let first = labels.get(..LISTED).unwrap_or(&labels);
    let join =
        |text: fn(&Label) -> &str, between| first.iter().map(|label| text(label)).collect::<Vec<_>>().join(between);
    let (zh, en) = (join(|label| &label.zh, "、"), join(|label| &label.en, ", "));
    if labels.len() == first.len() {
        return Label { zh, en };
    }
    Label { zh: format!("{zh}等{}项", labels.len()), en: format!("{en} and others ({} in all)", labels.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(count: usize) -> Vec<Label> {
        (1..=count).map(|n| Label { zh: format!("项{n}"), en: format!("item {n}") }).collect()
    }

    #[test]
    fn a_sentence_lists_ten_names_and_counts_the_others() {
        assert_eq!(listed(&labels(2)), Label { zh: "项1、项2".into(), en: "item 1, item 2".into() });
        assert!(listed(&labels(10)).zh.ends_with("、项10"));
        let eleven = listed(&labels(11));
        assert!(eleven.zh.ends_with("、项10等11项"), "{}", eleven.zh);
        assert!(eleven.en.ends_with(", item 10 and others (11 in all)"), "{}", eleven.en);
    }
}
