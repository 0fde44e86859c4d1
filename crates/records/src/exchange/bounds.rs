//! How much a file may hold. What passes a bound is refused there, before memory is taken for it.

/// Rows of a file: as many as a sheet of Excel has.
pub const ROWS: u64 = 1_048_576;

/// Columns of a sheet: as many as Excel has, the last is XFD.
pub const COLUMNS: usize = 16_384;

/// Characters of a cell of a workbook: as many as Excel keeps.
pub const CELL_CHARACTERS: usize = 32_767;

/// Bytes of text in one row, whatever its format; a line of JSON is a row.
pub const ROW_BYTES: usize = 2 << 20;

/// Keys of one line of JSON.
pub const KEYS: usize = 1024;

/// Blank cells of a sheet, one after the other: a formatted area of fifty columns and twenty thousand rows.
pub(super) const BLANK_CELLS: u64 = 1_000_000;

/// Marks and texts of XML, one after the other, of which nothing is needed: formats, names, checks of input.
pub(super) const PASSED_OVER: u64 = 2_000_000;

/// Styles of cells, and number formats; Excel allows 65,490.
pub(super) const STYLES: usize = 65_536;

/// Files inside a workbook.
pub(super) const PARTS: usize = 4096;

/// Bytes of the directory of a workbook's files.
pub(super) const DIRECTORY_BYTES: u64 = 2 << 20;

/// Sheets of a workbook that are looked through for headings.
pub(super) const SHEETS: usize = 255;

/// Texts that a workbook keeps once for all its cells, and their bytes.
pub(super) const SHARED_TEXTS: usize = 2_000_000;
pub(super) const SHARED_BYTES: usize = 48 << 20;

/// Elements of XML inside one another.
pub(super) const DEPTH: usize = 64;

/// Bytes of one mark or text of XML: a cell of the longest text, each character written as a reference.
pub(super) const XML_EVENT_BYTES: u64 = 512 << 10;

/// What a workbook may come to unpacked: so many times its size, though a small file may always come to [`UNPACKED_LEAST`].
pub(super) const UNPACKED_TIMES: u64 = 50;
pub(super) const UNPACKED_LEAST: u64 = 256 << 20;

/// A bound that a file passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// More than [`ROWS`] rows.
    Rows,
    /// More than [`COLUMNS`] columns.
    Columns,
    /// More than [`CELL_CHARACTERS`] characters in a cell.
    CellCharacters,
    /// More than [`ROW_BYTES`] of text in a row.
    RowBytes,
    /// More than [`KEYS`] keys in a line of JSON.
    Keys,
    /// Lists or objects nested more deeply than a value of a record can be.
    Depth,
    /// Too many blank cells, one after the other.
    BlankCells,
    /// Too many files inside a workbook.
    Parts,
    /// Too many sheets.
    Sheets,
    /// Too many styles or number formats.
    Styles,
    /// Too much inside a workbook that holds no data, one after the other.
    PassedOver,
    /// Too many or too long texts shared by the cells of a workbook.
    SharedTexts,
    /// A workbook that unpacks to far more than its size.
    Unpacked,
}

impl Bound {
    /// What there is too much of, and what to do, in English.
    pub(super) fn en(self) -> String {
        match self {
            Self::Rows => format!("more than {ROWS} rows, the most that Excel holds; split the file"),
            Self::Columns => {
                format!("more than {COLUMNS} columns, the most that Excel holds (XFD); delete what lies to the right")
            }
            Self::CellCharacters => {
                format!("more than {CELL_CHARACTERS} characters in one cell, the most that Excel holds; shorten it")
            }
            Self::RowBytes => format!("more than {} MB of text in one row; shorten it", ROW_BYTES >> 20),
            Self::Keys => format!("more than {KEYS} keys; a record has no more fields"),
            Self::Depth => "nested too deeply; no value of a record is".to_owned(),
            Self::BlankCells => format!(
                "more than {BLANK_CELLS} blank cells one after the other; delete the blank rows and columns about the table, or save it as CSV"
            ),
            Self::Parts => format!("more than {PARTS} files inside the workbook; save it anew with Excel"),
            Self::Sheets => format!("more than {SHEETS} sheets; keep the one with the records"),
            Self::Styles => {
                format!(
                    "more than {STYLES} styles or number formats; save it as CSV, or copy the table into a new workbook"
                )
            }
            Self::PassedOver => format!(
                "more than {PASSED_OVER} pieces one after the other that hold no data; copy the table into a new workbook, or save it as CSV"
            ),
            Self::SharedTexts => format!(
                "more than {SHARED_TEXTS} different texts or {} MB of them; split the file or save it as CSV",
                SHARED_BYTES >> 20
            ),
            Self::Unpacked => format!(
                "unpacks to more than {UNPACKED_TIMES} times its size and {} MB; save it anew with Excel or as CSV",
                UNPACKED_LEAST >> 20
            ),
        }
    }

    /// The same in Chinese.
    pub(super) fn zh(self) -> String {
        match self {
            Self::Rows => format!("超过{ROWS}行（Excel的上限），请拆分文件"),
            Self::Columns => format!("超过{COLUMNS}列（Excel的上限，XFD列），请删除右侧多余内容"),
            Self::CellCharacters => format!("单元格超过{CELL_CHARACTERS}个字符（Excel的上限），请缩短"),
            Self::RowBytes => format!("一行的文字超过{}MB，请缩短", ROW_BYTES >> 20),
            Self::Keys => format!("超过{KEYS}个键，记录没有这么多字段"),
            Self::Depth => "嵌套层数过多，记录没有这样的值".to_owned(),
            Self::BlankCells => {
                format!("连续空白单元格超过{BLANK_CELLS}个，请删除表格周围的空白行和列，或另存为CSV")
            }
            Self::Parts => format!("工作簿内超过{PARTS}个文件，请用Excel重新保存"),
            Self::Sheets => format!("超过{SHEETS}个工作表，请只保留数据所在的表"),
            Self::Styles => format!("单元格样式或数字格式超过{STYLES}种，请另存为CSV，或将表格复制到新工作簿"),
            Self::PassedOver => {
                format!("连续超过{PASSED_OVER}处不含数据的内容，请将表格复制到新工作簿，或另存为CSV")
            }
            Self::SharedTexts => {
                format!("不同的文字超过{SHARED_TEXTS}条或{}MB，请拆分文件或另存为CSV", SHARED_BYTES >> 20)
            }
            Self::Unpacked => format!(
                "解压后超过文件大小的{UNPACKED_TIMES}倍且超过{}MB，请用Excel重新保存或另存为CSV",
                UNPACKED_LEAST >> 20
            ),
        }
    }
}
