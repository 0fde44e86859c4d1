//! Observations as Parquet: columns `series, time, period_s, value, text, flag`, in groups of rows, so that a file of any size is written in bounded memory.

use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use bilan_telemetry::Observation;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

/// Rows of a group.
const GROUP: usize = 200_000;

/// `time` is the instant, or the end of the period; `text` is the value as the device wrote it.
const SCHEMA: &str = "message observations {
    REQUIRED BYTE_ARRAY series (STRING);
    REQUIRED INT64 time (TIMESTAMP(MILLIS, true));
    REQUIRED INT32 period_s;
    REQUIRED DOUBLE value;
    REQUIRED BYTE_ARRAY text (STRING);
    OPTIONAL BYTE_ARRAY flag (STRING);
}";

/// Writes observations as they come.
pub struct ParquetFile<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: Vec<(Arc<str>, Observation)>,
}

impl<W: Write + Send> ParquetFile<W> {
    /// Begins a file.
    pub fn begin(out: W) -> Result<Self> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
        Ok(Self { writer: SerializedFileWriter::new(out, schema, Arc::new(properties))?, rows: Vec::new() })
    }

    /// Adds a value of a series.
    pub fn put(&mut self, series: &Arc<str>, observation: Observation) -> Result<()> {
        self.rows.push((Arc::clone(series), observation));
        if self.rows.len() == GROUP { self.write_group() } else { Ok(()) }
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<()> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.writer.close()?;
        Ok(())
    }

    fn write_group(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let seen = || rows.iter().map(|(_, observation)| observation);
        let mut group = self.writer.next_row_group()?;
        column::<ByteArrayType, _>(&mut group, rows.iter().map(|(series, _)| ByteArray::from(&**series)), None)?;
        column::<Int64Type, _>(&mut group, seen().map(|seen| seen.end().as_millisecond()), None)?;
        column::<Int32Type, _>(&mut group, seen().map(|seen| i32::try_from(seen.period_s).unwrap_or(i32::MAX)), None)?;
        column::<DoubleType, _>(&mut group, seen().map(|seen| seen.value), None)?;
        column::<ByteArrayType, _>(&mut group, seen().map(|seen| ByteArray::from(seen.text.as_str())), None)?;
        let there: Vec<i16> = seen().map(|seen| i16::from(seen.flag.is_some())).collect();
        let flags = seen().filter_map(|seen| seen.flag.as_deref()).map(ByteArray::from);
        column::<ByteArrayType, _>(&mut group, flags, Some(&there))?;
        group.close()?;
        Ok(())
    }
}

/// Writes the next column; `there` says for an optional one which rows have a value.
fn column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: impl Iterator<Item = T::T>,
    there: Option<&[i16]>,
) -> Result<()> {
    let values: Vec<T::T> = values.collect();
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(&values, there, None)?;
        column.close()?;
    }
    Ok(())
}
