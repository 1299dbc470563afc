//! Times as transcripts write them.

use jiff::Timestamp;

/// Returns the time that a text or number stands for: RFC 3339, or seconds,
/// milliseconds, microseconds or nanoseconds since 1970.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<f64>() {
        return from_number(number);
    }
    // SQLite writes a space, and no zone for UTC.
    text.parse().or_else(|_| format!("{}Z", text.replacen(' ', "T", 1)).parse()).ok()
}

/// Times before 2001 or after 2100 are something else.
fn from_number(number: f64) -> Option<Timestamp> {
    let (least, most) = (978_307_200.0, 4_102_444_800.0);
    let scales = [1.0, 1e3, 1e6, 1e9];
    let scale = scales.into_iter().find(|scale| number >= least * scale && number < most * scale)?;
    // The range above holds, so that nothing is cut off but fractions.
    Timestamp::from_second((number / scale) as i64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let forms = [
            "2026-11-26T02:09:40.569Z",
            "2026-11-26T04:09:40+02:00",
            "2026-11-26 02:09:40",
            "1795658980",
            "1795658980569",
            "1795658980.5",
            "1795658980569000",
        ];
        for form in forms {
            assert_eq!(parse(form).map(Timestamp::as_second), Some(1_795_658_980), "{form}");
        }
        for other in ["", "12", "yesterday", "1e300", "NaN", "-5"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
