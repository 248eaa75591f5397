//! Dates and times, [MS-TDS] 2.2.5.5.1.8 and 2.2.5.5.1.9.
//!
//! Every type holds only values that SQL Server has, so that whatever is made here can be
//! written.

/// Days from 0001-01-01 to 1900-01-01, where datetime begins to count.
pub const DAYS_TO_1900: u32 = 693_595;
/// Days from 0001-01-01 to 1970-01-01, where Unix and Arrow begin to count.
pub const DAYS_TO_1970: u32 = 719_162;

/// 9999-12-31, the last day of all types but smalldatetime.
const LAST_DAY: u32 = 3_652_058;
/// 1753-01-01, the first day of datetime, as days from 1900.
const DATETIME_FIRST: i32 = -53_690;
/// 9999-12-31 as days from 1900.
const DATETIME_LAST: i32 = (LAST_DAY - DAYS_TO_1900) as i32;

const NANOSECONDS_PER_DAY: u64 = 86_400_000_000_000;
/// datetime counts in three-hundredths of a second.
const TICKS_PER_DAY: u32 = 86_400 * 300;
const MINUTES_PER_DAY: u16 = 24 * 60;
/// datetimeoffset goes from -14:00 to +14:00.
const LAST_OFFSET: i16 = 14 * 60;

/// A date, 0001-01-01 to 9999-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A datetime: 1753-01-01 to 9999-12-31, to a three-hundredth of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    days: i32,
    ticks: u32,
}

/// A smalldatetime: 1900-01-01 to 2079-06-06, to a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SmallDateTime {
    days: u16,
    minutes: u16,
}

/// A datetime2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime2 {
    /// The date.
    pub date: Date,
    /// The time.
    pub time: Time,
}

/// A datetimeoffset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTimeOffset {
    utc: DateTime2,
    offset: i16,
}

/// Nanoseconds of one unit of a time with `scale` (0 to 7) digits after the second.
pub(crate) fn unit(scale: u8) -> u64 {
    10u64.pow(9 - u32::from(scale.min(7)))
}

/// Bytes of a time with `scale` digits after the second.
pub(crate) fn time_width(scale: u8) -> usize {
    match scale {
        ..=2 => 3,
        3..=4 => 4,
        _ => 5,
    }
}

// === impl Date ===

impl Date {
    /// A date by its days since 0001-01-01; `None` beyond 9999-12-31.
    pub fn new(days: u32) -> Option<Self> {
        (days <= LAST_DAY).then_some(Self(days))
    }

    /// A date by its days since 1970-01-01, as Arrow's `Date32` has it.
    pub fn from_unix_days(days: i32) -> Option<Self> {
        Self::new(DAYS_TO_1970.checked_add_signed(days)?)
    }

    /// Days since 0001-01-01.
    pub fn days(self) -> u32 {
        self.0
    }

    /// Days since 1970-01-01.
    pub fn unix_days(self) -> i32 {
        // Both are below 2^22.
        self.0 as i32 - DAYS_TO_1970 as i32
    }
}

// === impl Time ===

impl Time {
    /// A time by its nanoseconds since midnight; `None` from 24:00 on. The types on the
    /// wire have at most seven digits after the second: the rest is cut off when the
    /// value is written.
    pub fn new(nanoseconds: u64) -> Option<Self> {
        (nanoseconds < NANOSECONDS_PER_DAY).then_some(Self(nanoseconds))
    }

    /// Nanoseconds since midnight.
    pub fn nanoseconds(self) -> u64 {
        self.0
    }
}

// === impl DateTime ===

impl DateTime {
    /// By days since 1900-01-01 and three-hundredths of a second since midnight; `None`
    /// outside the type's range.
    pub fn new(days: i32, ticks: u32) -> Option<Self> {
        ((DATETIME_FIRST..=DATETIME_LAST).contains(&days) && ticks < TICKS_PER_DAY)
            .then_some(Self { days, ticks })
    }

    /// The nearest datetime, which may be on the next day; `None` outside the type's range.
    pub fn round(date: Date, time: Time) -> Option<Self> {
        // Below 2^25 after the division.
        let ticks = ((time.0 * 3 + 5_000_000) / 10_000_000) as u32;
        let days = date.0 as i32 - DAYS_TO_1900 as i32;
        if ticks == TICKS_PER_DAY { Self::new(days + 1, 0) } else { Self::new(days, ticks) }
    }

    /// Days since 1900-01-01.
    pub fn days(self) -> i32 {
        self.days
    }

    /// Three-hundredths of a second since midnight.
    pub fn ticks(self) -> u32 {
        self.ticks
    }

    /// The date.
    pub fn date(self) -> Date {
        Date(DAYS_TO_1900.saturating_add_signed(self.days))
    }

    /// The time to the millisecond, as SQL Server shows it: …0, …3 or …7.
    pub fn time(self) -> Time {
        Time((u64::from(self.ticks) * 10 + 1) / 3 * 1_000_000)
    }
}

// === impl SmallDateTime ===

impl SmallDateTime {
    /// By days since 1900-01-01 and minutes since midnight; `None` from 24:00 on.
    pub fn new(days: u16, minutes: u16) -> Option<Self> {
        (minutes < MINUTES_PER_DAY).then_some(Self { days, minutes })
    }

    /// Days since 1900-01-01.
    pub fn days(self) -> u16 {
        self.days
    }

    /// Minutes since midnight.
    pub fn minutes(self) -> u16 {
        self.minutes
    }
}

// === impl DateTimeOffset ===

impl DateTimeOffset {
    /// By date and time in UTC and the offset in minutes east of it; `None` when the
    /// offset is beyond 14 hours.
    pub fn new(utc: DateTime2, offset: i16) -> Option<Self> {
        (-LAST_OFFSET..=LAST_OFFSET).contains(&offset).then_some(Self { utc, offset })
    }

    /// Date and time in UTC.
    pub fn utc(self) -> DateTime2 {
        self.utc
    }

    /// Minutes east of UTC.
    pub fn offset(self) -> i16 {
        self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(Date::new(LAST_DAY).unwrap().unix_days(), 2_932_896);
        assert_eq!(Date::new(LAST_DAY + 1), None);
        assert_eq!(Date::from_unix_days(0).unwrap().days(), DAYS_TO_1970);
        assert_eq!(Date::from_unix_days(-719_162).unwrap().days(), 0);
        assert_eq!(Date::from_unix_days(-719_163), None);
        assert_eq!(Date::from_unix_days(i32::MAX), None);
        assert!(
            Time::new(NANOSECONDS_PER_DAY - 1).is_some()
                && Time::new(NANOSECONDS_PER_DAY).is_none()
        );
        assert!(
            DateTime::new(DATETIME_FIRST, 0).is_some()
                && DateTime::new(DATETIME_FIRST - 1, 0).is_none()
        );
        assert!(DateTime::new(DATETIME_LAST, TICKS_PER_DAY - 1).is_some());
        assert!(
            DateTime::new(DATETIME_LAST + 1, 0).is_none()
                && DateTime::new(0, TICKS_PER_DAY).is_none()
        );
        assert!(
            SmallDateTime::new(u16::MAX, 1439).is_some() && SmallDateTime::new(0, 1440).is_none()
        );
        let utc = DateTime2 { date: Date(0), time: Time(0) };
        assert!(
            DateTimeOffset::new(utc, 840).is_some() && DateTimeOffset::new(utc, -841).is_none()
        );
    }

    #[test]
    fn datetime_rounds_as_sql_server_does() {
        let date = Date::from_unix_days(0).unwrap();
        let millisecond = |milliseconds: u64| Time::new(milliseconds * 1_000_000).unwrap();
        for (given, stored) in
            [(0, 0), (1, 0), (2, 3), (3, 3), (4, 3), (5, 7), (6, 7), (7, 7), (8, 7), (9, 10)]
        {
            let datetime = DateTime::round(date, millisecond(given)).unwrap();
            assert_eq!(datetime.time(), millisecond(stored), "{given} ms");
            assert_eq!(datetime.date(), date);
        }
        let next = DateTime::round(date, Time::new(NANOSECONDS_PER_DAY - 1).unwrap()).unwrap();
        assert_eq!((next.days(), next.ticks()), (25_568, 0));
        let last = Date::new(LAST_DAY).unwrap();
        assert_eq!(DateTime::round(last, Time::new(NANOSECONDS_PER_DAY - 1).unwrap()), None);
    }

    #[test]
    fn widths() {
        assert_eq!([0, 2, 3, 4, 5, 7].map(time_width), [3, 3, 4, 4, 5, 5]);
        assert_eq!([0, 3, 7].map(unit), [1_000_000_000, 1_000_000, 100]);
    }
}
