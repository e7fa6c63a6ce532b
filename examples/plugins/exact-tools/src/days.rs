//! The tool `days`.
//!
//! Owns the calendar: Gregorian, also before it was introduced. Must not know time zones, so not what
//! day it is.

use crate::number;
use serde::Deserialize;
use std::fmt;
use yoi_plugin_pdk::{Tool, ToolError};

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Days before each month of a year that is no leap year.
const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN_400_YEARS: i64 = 146_097;
const LAST: Date = Date { year: 9999, month: 12, day: 31 };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    from: String,
    to: Option<String>,
    add: Option<i64>,
}

/// A day of the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Date {
    year: i64,
    month: i64,
    day: i64,
}

pub fn tool() -> Tool {
    let schema = r#"{
        "type": "object",
        "properties": {
            "from": { "type": "string", "description": "A day, as 2026-01-31" },
            "to": { "type": "string", "description": "Another day: how many days are between them" },
            "add": { "type": "integer", "description": "So many days later, or earlier if negative: which day is that" }
        },
        "required": ["from"],
        "additionalProperties": false
    }"#;
    let description = "Calendar days, exactly: the weekday of a day, the number of days between two, and the day so \
        many days later. Use it for every date that is not simply written somewhere.";
    Tool::new("days", description, schema)
}

pub fn call(arguments: &Arguments) -> Result<String, ToolError> {
    let from = Date::parse(&arguments.from)?;
    match (&arguments.to, arguments.add) {
        (None, None) => Ok(from.with_weekday()),
        (Some(to), None) => {
            let to = Date::parse(to)?;
            Ok(format!("{}, {}", to.with_weekday(), apart(from, to.number() - from.number())))
        }
        (None, Some(add)) => {
            let to = from.number().checked_add(add).and_then(Date::of_number);
            let to = to.ok_or_else(|| ToolError::invalid("the day is not in the years 1 to 9999"))?;
            Ok(format!("{}, {}", to.with_weekday(), apart(from, add)))
        }
        (Some(_), Some(_)) => Err(ToolError::invalid("give `to` or `add`, not both")),
    }
}

fn apart(from: Date, days: i64) -> String {
    let word = if days < 0 { "before" } else { "after" };
    format!("{} {word} {from}", number(days.unsigned_abs(), "day"))
}

impl Date {
    fn parse(text: &str) -> Result<Date, ToolError> {
        let wrong = || ToolError::invalid(format!("{text:?} is no day such as 2026-01-31"));
        let read = |part: &str, digits: usize| {
            let good = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
            if good { part.parse::<i64>().ok() } else { None }
        };
        let mut parts = text.trim().split('-');
        let (year, month, day, rest) = (parts.next(), parts.next(), parts.next(), parts.next());
        let date = || Some(Date { year: read(year?, 4)?, month: read(month?, 2)?, day: read(day?, 2)? });
        let date = date().filter(|_| rest.is_none()).ok_or_else(wrong)?;
        // a day that does not exist is not the one that its number has
        if date.year >= 1 && Date::of_number(date.number()) == Some(date) { Ok(date) } else { Err(wrong()) }
    }

    /// The day's number: 1 is 0001-01-01, a Monday.
    fn number(self) -> i64 {
        let years = self.year - 1;
        let month = usize::try_from(self.month - 1).ok().and_then(|index| BEFORE_MONTH.get(index));
        let leap = i64::from(self.month > 2 && is_leap(self.year));
        // an impossible month has the number of no day of its own
        years * 365 + years / 4 - years / 100 + years / 400 + month.copied().unwrap_or(-1) + leap + self.day
    }

    /// The day of a number, if its year has four digits.
    fn of_number(number: i64) -> Option<Date> {
        if number < 1 || number > LAST.number() {
            return None;
        }
        // not later than the right one, and at most one too early
        let mut year = ((number - 1) * 400 / DAYS_IN_400_YEARS).max(1);
        while (Date { year: year + 1, month: 1, day: 1 }).number() <= number {
            year += 1;
        }
        let starts = |month: i64| (Date { year, month, day: 1 }).number();
        let month = (1..=12).rev().find(|month| starts(*month) <= number)?;
        Some(Date { year, month, day: number - starts(month) + 1 })
    }

    fn with_weekday(self) -> String {
        let index = usize::try_from((self.number() - 1).rem_euclid(7)).unwrap_or_default();
        format!("{self}, a {}", WEEKDAYS.get(index).copied().unwrap_or_default())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: &str, to: Option<&str>, add: Option<i64>) -> Result<String, ToolError> {
        call(&Arguments { from: from.to_owned(), to: to.map(str::to_owned), add })
    }

    #[test]
    fn every_day_follows_the_one_before_and_has_its_own_number() {
        let mut before = Date::of_number(1).unwrap();
        assert_eq!(before.to_string(), "0001-01-01");
        for number in 2..=LAST.number() {
            let date = Date::of_number(number).unwrap();
            assert!(date > before && date.number() == number, "{before} {date}");
            before = date;
        }
        assert_eq!(before, LAST);
    }

    #[test]
    fn days_that_are_known_are_right() {
        assert_eq!(days("1970-01-01", None, None).unwrap(), "1970-01-01, a Thursday");
        assert_eq!(days("2000-02-29", None, None).unwrap(), "2000-02-29, a Tuesday");
        assert_eq!(days("2026-01-31", None, Some(30)).unwrap(), "2026-03-02, a Monday, 30 days after 2026-01-31");
        assert_eq!(
            days("2024-03-01", Some("2024-02-28"), None).unwrap(),
            "2024-02-28, a Wednesday, 2 days before 2024-03-01"
        );
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-1-1",
            "26-01-01",
            "2026-01-01-01",
            "0000-01-01",
            "+026-01-01",
            "2026-04-31",
        ] {
            assert!(days(text, None, None).is_err(), "{text}");
        }
        assert!(days("9999-12-31", None, Some(1)).is_err());
        assert!(days("0001-01-01", None, Some(i64::MIN)).is_err());
        assert!(days("2026-01-01", Some("2026-01-02"), Some(1)).is_err());
    }
}
