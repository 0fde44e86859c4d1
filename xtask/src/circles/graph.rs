//! Arrows between the parts of a crate, each with the files that make it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Who uses whom.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// From, to, and each use by its file.
    arrows: BTreeMap<(String, String), Vec<String>>,
}

impl Graph {
    /// One use of a module by another.
    pub fn add(&mut self, from: &str, to: &str, file: &str) {
        self.arrows.entry((from.to_owned(), to.to_owned())).or_default().push(file.to_owned());
    }

    /// Takes an arrow out; its files if there was one.
    pub fn remove(&mut self, arrow: &str) -> Option<Vec<String>> {
        self.arrows.remove(&ends(arrow)?).map(distinct)
    }

    /// The files that make an arrow.
    pub fn uses(&self, arrow: &str) -> Option<Vec<String>> {
        self.arrows.get(&ends(arrow)?).cloned().map(distinct)
    }

    /// A shortest circle, its first module again at its end.
    pub fn circle(&self) -> Option<Vec<String>> {
        let circles = self.arrows.keys().filter_map(|(from, to)| self.closed(from, to));
        circles.min_by_key(Vec::len)
    }

    /// A shortest circle that an arrow closes, whether or not it is there itself.
    pub fn circle_with(&self, arrow: &str) -> Option<Vec<String>> {
        let (from, to) = ends(arrow)?;
        self.closed(&from, &to)
    }

    /// The arrow of a circle that has the fewest uses.
    pub fn thinnest(&self, circle: &[String]) -> String {
        let count = |pair: &[String]| self.arrows.get(&(pair[0].clone(), pair[1].clone())).map_or(0, Vec::len);
        // A circle has at least one arrow.
        circle.windows(2).min_by_key(|pair| count(pair)).map(|pair| pair.join(ARROW)).unwrap_or_default()
    }

    /// The circle over the shortest way back from the end of an arrow to its beginning.
    fn closed(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut before: BTreeMap<&str, &str> = BTreeMap::new();
        let mut waiting = VecDeque::from([to]);
        while let Some(here) = waiting.pop_front() {
            if here == from {
                let mut way = vec![from.to_owned()];
                let mut at = here;
                while at != to {
                    at = before[at];
                    way.push(at.to_owned());
                }
                way.push(from.to_owned());
                way.reverse();
                return Some(way);
            }
            for (_, next) in self.arrows.keys().filter(|(source, _)| source == here) {
                if next != to && !before.contains_key(next.as_str()) {
                    before.insert(next, here);
                    waiting.push_back(next);
                }
            }
        }
        None
    }
}

const ARROW: &str = " → ";

fn ends(arrow: &str) -> Option<(String, String)> {
    arrow.split_once(ARROW).map(|(from, to)| (from.to_owned(), to.to_owned()))
}

fn distinct(files: Vec<String>) -> Vec<String> {
    files.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(arrows: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        arrows.iter().for_each(|(from, to)| graph.add(from, to, "file.rs"));
        graph
    }

    #[test]
    fn a_circle_is_shown_along_its_arrows() {
        let circle = graph(&[("c", "a"), ("a", "b"), ("b", "c"), ("c", "d")]).circle().unwrap();
        assert_eq!(circle.join(" "), "a b c a");
    }

    #[test]
    fn an_arrow_that_is_not_there_may_be_tried() {
        let graph = graph(&[("a", "b"), ("b", "c")]);
        assert_eq!(graph.circle(), None);
        assert_eq!(graph.circle_with("c → a").unwrap().join(" "), "c a b c");
        assert_eq!(graph.circle_with("a → c"), None);
    }
}
