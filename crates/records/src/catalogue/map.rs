//! How records of a register are shown on the map (一张图), as `[map]` of its file says.

use indexmap::IndexMap;

/// Colour of marks where a register file names none.
const PLAIN: &str = "#4a6572";

/// A register on the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapLayer {
    /// The character on its marks in Chinese; without it the first of its label.
    pub mark: Option<String>,
    /// Colour of its marks and shapes, `#rrggbb`.
    pub colour: String,
    /// Its place among the layers that are on when nobody asked for others; the others are off.
    pub first: Option<u32>,
    /// Reference by which a record without a place of its own is placed.
    pub at: Option<String>,
    /// Choice whose values have marks of their own.
    pub mark_by: Option<String>,
    /// The characters of those values, by the key of the choice.
    pub marks: IndexMap<String, String>,
}

impl Default for MapLayer {
    fn default() -> Self {
        let colour = PLAIN.to_owned();
        Self { mark: None, colour, first: None, at: None, mark_by: None, marks: IndexMap::new() }
    }
}
