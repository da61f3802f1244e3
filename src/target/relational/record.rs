//! Entries of the record as rows, and back; and what it tells of the last apply.

use crate::audit::Entry;
use crate::target::rows;
use crate::target::tables::{Cell, Row, Seen};

/// The query for what the record tells of the last run that was carried out, and of the last that told a digest. In JSON no
/// text can have these signs.
///
/// A run begins with its own entry, and one of a large firm has hundreds of thousands behind it. So its first entry is
/// looked for by halves, from the last run back: `low` is a place before it, `high` one that is not.
pub const LAST_APPLIED_RUNS: &str = r#"
    WITH RECURSIVE
    walk (run, low, high) AS (
      SELECT * FROM (SELECT run, CAST(0 AS bigint) AS low, seq FROM audit ORDER BY seq DESC LIMIT 1) AS last
      UNION ALL
      SELECT
        CASE WHEN high - low <= 1 THEN (SELECT run FROM audit WHERE seq < high ORDER BY seq DESC LIMIT 1) ELSE run END,
        CASE WHEN high - low <= 1 THEN CAST(0 AS bigint)
          WHEN (SELECT run FROM audit WHERE seq >= (low + high) / 2 ORDER BY seq LIMIT 1) < run THEN (low + high) / 2
          ELSE low END,
        CASE WHEN high - low <= 1 THEN (SELECT max(seq) FROM audit WHERE seq < high)
          WHEN (SELECT run FROM audit WHERE seq >= (low + high) / 2 ORDER BY seq LIMIT 1) < run THEN high
          ELSE (low + high) / 2 END
      FROM walk WHERE run IS NOT NULL
    ),
    began (body) AS (
      SELECT (SELECT CASE part WHEN 'run' THEN body END FROM audit WHERE seq >= high ORDER BY seq LIMIT 1)
      FROM walk WHERE high - low <= 1
    )
    SELECT body FROM (SELECT body FROM began WHERE body LIKE '%"outcome":"ok"%' LIMIT 1) AS run
    UNION ALL
    SELECT body FROM (
      SELECT body FROM began WHERE body LIKE '%"outcome":"ok"%' AND body LIKE '%"remembered":"%' LIMIT 1) AS telling"#;

/// The row of an entry.
pub(super) fn row(entry: Entry) -> Row {
    let Entry { seq, run, part, body, hash } = entry;
    let hash = hash.map_or(Cell::Null, Cell::Text);
    vec![Cell::Number(seq), Cell::Number(run), Cell::Text(part), Cell::Text(body), hash]
}

/// The entry of a row.
///
/// # Errors
/// If it has no number.
pub(super) fn entry(row: &[Seen<'_>]) -> Result<Entry, rows::Senseless> {
    let number = |column: usize| match row[column] {
        Seen::Number(number) => Ok(number),
        _ => Err("an entry of the audit without its number".to_owned()),
    };
    let text = |column: usize| row[column].text().unwrap_or_default().to_owned();
    let hash = row[4].text().map(str::to_owned);
    Ok(Entry { seq: number(0)?, run: number(1)?, part: text(2), body: text(3), hash })
}
