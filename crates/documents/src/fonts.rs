//! Fonts for PDF: found once in a list of folders, read when first used, then kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontInfo};
use typst::utils::LazyHash;

/// What a type face is used for in an office document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// 小标宋: the title and the red head.
    Title,
    /// 仿宋: running text.
    Body,
    /// 楷体: second-level headings, subtitle.
    Kai,
    /// 黑体: first-level headings, captions.
    Hei,
    /// 宋体: page numbers.
    Song,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [Role::Title, Role::Body, Role::Kai, Role::Hei, Role::Song];

    /// Families that may fill the role, the best first: the fonts of government offices, then free ones
    /// made for the same purpose, then any Chinese font.
    pub fn families(self) -> impl Iterator<Item = &'static str> {
        let own: &[&str] = match self {
            Role::Title => &["FZXiaoBiaoSong-B05S", "方正小标宋简体", "STZhongsong", "FandolSong"],
            Role::Body => &["FangSong_GB2312", "仿宋_GB2312", "FangSong", "STFangsong", "FandolFang", "FandolFang R"],
            Role::Kai => &["KaiTi_GB2312", "楷体_GB2312", "KaiTi", "STKaiti", "FandolKai", "AR PL UKai CN"],
            Role::Hei => &["SimHei", "STHeiti", "FandolHei", "Noto Sans CJK SC", "Noto Sans SC"],
            Role::Song => &["SimSun", "STSong", "FandolSong"],
        };
        const ANY: [&str; 9] = [
            "FandolSong",
            "Noto Serif CJK SC",
            "Noto Serif SC",
            "Source Han Serif SC",
            "AR PL UMing CN",
            "Noto Sans CJK SC",
            "WenQuanYi Zen Hei",
            "WenQuanYi Micro Hei",
            "Droid Sans Fallback",
        ];
        own.iter().copied().chain(ANY.into_iter().filter(move |family| !own.contains(family)))
    }

    /// How many of [`Role::families`] are made for the role, so that no better match is to be looked for.
    fn proper(self) -> usize {
        match self {
            Role::Title => 4,
            Role::Body => 6,
            Role::Kai => 5,
            Role::Hei => 5,
            Role::Song => 3,
        }
    }
}

/// Fonts cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FontsError {
    /// None of the fonts found has the Chinese characters.
    #[error(
        "no Chinese font in {}: run scripts/fonts, or install one of the packages fonts-noto-cjk, fonts-wqy-zenhei, fonts-arphic-ukai",
        list(searched)
    )]
    NoChineseFont {
        /// The folders that were looked through.
        searched: Vec<PathBuf>,
    },
}

fn list(folders: &[PathBuf]) -> String {
    let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    if names.is_empty() { "any folder (none was named)".to_owned() } else { names.join(", ") }
}

/// The fonts of the running program. Cheap to clone; clones share what has been read.
#[derive(Clone)]
pub struct Fonts(Arc<Shelf>);

struct Shelf {
    book: LazyHash<FontBook>,
    slots: Vec<Slot>,
    /// For each role of [`Role::ALL`], the families at hand, best first.
    roles: Vec<Vec<String>>,
}

struct Slot {
    path: PathBuf,
    index: u32,
    font: OnceLock<Option<Font>>,
}

impl Fonts {
    /// Look through `folders` (and folders in them) in order, until every role is well filled.
    ///
    /// Only names and coverage are read here; a font's outlines are read when a document first needs them.
    /// A folder that is not there is passed over.
    ///
    /// # Errors
    /// [`FontsError::NoChineseFont`] if none of the [families](Role::families) is there.
    pub fn discover(folders: &[PathBuf]) -> Result<Self, FontsError> {
        let mut book = FontBook::new();
        let mut slots = Vec::new();
        for folder in folders {
            let mut files = Vec::new();
            font_files(folder, 0, &mut files);
            files.sort();
            for path in files {
                let Ok(data) = fs::read(&path) else { continue };
                // Fonts that cannot be parsed are left out, so indexes must be taken from the collection itself.
                for index in 0..collection_size(&data) {
                    let Some(info) = FontInfo::new(&data, index) else { continue };
                    book.push(info);
                    slots.push(Slot { path: path.clone(), index, font: OnceLock::new() });
                }
            }
            let filled = |role: Role| role.families().take(role.proper()).any(|family| has(&book, family));
            if Role::ALL.into_iter().all(filled) {
                break;
            }
        }
        let roles: Vec<Vec<String>> = Role::ALL
            .into_iter()
            .map(|role| role.families().filter(|family| has(&book, family)).map(str::to_owned).collect())
            .collect();
        if roles.iter().any(Vec::is_empty) {
            return Err(FontsError::NoChineseFont { searched: folders.to_vec() });
        }
        Ok(Self(Arc::new(Shelf { book: LazyHash::new(book), slots, roles })))
    }

    /// The families at hand for `role`, best first; never empty.
    pub fn families(&self, role: Role) -> &[String] {
        &self.0.roles[role as usize]
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.0.book
    }

    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        let slot = self.0.slots.get(index)?;
        slot.font
            .get_or_init(|| {
                let data = fs::read(&slot.path).ok()?;
                Font::new(Bytes::new(data), slot.index)
            })
            .clone()
    }
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fonts").field("fonts", &self.0.slots.len()).field("roles", &self.0.roles).finish()
    }
}

fn has(book: &FontBook, family: &str) -> bool {
    book.contains_family(&family.to_lowercase())
}

/// Number of faces in a font file: more than one only in a TrueType collection (`ttcf`).
fn collection_size(data: &[u8]) -> u32 {
    match data {
        [b't', b't', b'c', b'f', _, _, _, _, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]).min(64),
        _ => 1,
    }
}

fn font_files(folder: &Path, depth: u8, files: &mut Vec<PathBuf>) {
    // A link that leads back up must not keep the search going for ever.
    if depth > 8 {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            font_files(&path, depth + 1, files);
        } else if path
            .extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|extension| ["otf", "ttf", "ttc", "otc"].contains(&extension.to_ascii_lowercase().as_str()))
        {
            files.push(path);
        }
    }
}
