//! Times as people give them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads a time: a date, a date and a time of day, seconds since 1970 behind an
/// `@`, or how long ago: `2 weeks ago`, `36h`.
///
/// # Errors
///
/// It is none of these.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let text = text.trim();
    let seconds = |text: &str| text.parse::<i64>().ok();
    let found = match text.strip_prefix('@') {
        Some(rest) => seconds(rest),
        None => date(text).or_else(|| ago(text).map(|ago| now.saturating_sub(ago))),
    };
    found.ok_or_else(|| "use a date such as 2024-12-31, or how long ago, such as `2 weeks ago`".to_owned())
}

/// Reads how long something lasts: a number and `s`, `m` or `h`.
///
/// # Errors
///
/// It is no such thing, or nothing.
pub(crate) fn lasting(text: &str) -> Result<Duration, String> {
    let unit = match text.bytes().last() {
        Some(b's') => Some(1),
        Some(b'm') => Some(60),
        Some(b'h') => Some(3600),
        _ => None,
    };
    let number = unit.and_then(|unit| text[..text.len() - 1].parse::<u64>().ok()?.checked_mul(unit));
    let wrong = || "use a number of seconds, minutes or hours, such as 30m".to_owned();
    number.filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(wrong)
}

/// Reads `YYYY-MM-DD`, with `Thh:mm:ss` and a zone behind it or not; without one it is UTC.
fn date(text: &str) -> Option<i64> {
    let (day, rest) = text.split_at_checked(10)?;
    let mut parts = day.split('-').map(|part| part.parse::<i64>().ok().filter(|_| !part.starts_with('+')));
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    let (time, offset) = time_of_day(rest)?;
    Some(days(year, month, day) * 86_400 + time - offset)
}

/// Reads what stands behind a date: seconds of the day, and of the zone.
fn time_of_day(text: &str) -> Option<(i64, i64)> {
    if text.is_empty() {
        return Some((0, 0));
    }
    let text = text.strip_prefix(['T', ' '])?;
    let (clock, zone) = text.split_at(text.find(['Z', '+', '-']).unwrap_or(text.len()));
    let numbers = |text: &str| text.split(':').map(|part| part.parse::<i64>().ok()).collect::<Option<Vec<i64>>>();
    let clock = match numbers(clock.trim_end())?[..] {
        [hour, minute] => hour * 3600 + minute * 60,
        [hour, minute, second] => hour * 3600 + minute * 60 + second,
        _ => return None,
    };
    let offset = match zone {
        "" | "Z" => 0,
        _ => {
            let digits: i64 = zone[1..].replace(':', "").parse().ok()?;
            let offset = digits / 100 * 3600 + digits % 100 * 60;
            if zone.starts_with('-') { -offset } else { offset }
        }
    };
    Some((clock, offset))
}

/// The days from 1970-01-01 to a date; years are counted from March, so that the leap day is the last of one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

/// Reads how long ago something was, in seconds; months have 30 days and years 365.
fn ago(text: &str) -> Option<i64> {
    let text = text.strip_suffix("ago").unwrap_or(text).trim().replace(['.', '_'], " ");
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(len);
    let second = match unit.trim().trim_end_matches('s') {
        "second" | "sec" => 1,
        "minute" | "min" => 60,
        "hour" | "h" => 3600,
        "day" | "d" => 86_400,
        "week" | "w" => 7 * 86_400,
        "month" => 30 * 86_400,
        "year" | "y" => 365 * 86_400,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_has_a_unit() {
        assert_eq!(lasting("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(lasting("2h"), Ok(Duration::from_secs(7200)));
        for wrong in ["", "m", "5", "0s", "1.5h", "-1m", "99999999999999999999h", "5 m", "5é"] {
            assert!(lasting(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_dates_and_times() {
        assert_eq!(date("1970-01-01"), Some(0));
        assert_eq!(date("2024-02-29T23:59:59Z"), Some(1_709_251_199));
        assert_eq!(date("2024-03-01 01:29:59+01:30"), Some(1_709_251_199));
        assert_eq!(parse("@1709251199"), Ok(1_709_251_199));
        for text in ["2024-13-01", "2024-1-1", "yesterdayy", "2024-02-29X", "", "é024-01-01"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_how_long_ago() {
        assert_eq!(
            [ago("2 weeks ago"), ago("2.weeks.ago"), ago("36h"), ago("1 year")].map(Option::unwrap_or_default),
            [1_209_600, 1_209_600, 129_600, 31_536_000]
        );
        assert_eq!(ago("weeks ago"), None);
    }
}
