//! Random five-field expressions, aimed at the hours at which a zone's clocks change. They are the same
//! in every run.

use belfry_domain::{ZoneStamp, schedule::Schedule};
use chrono::{DateTime, Datelike, Offset, TimeZone, Timelike};
use chrono_tz::Tz;

pub const ZONES: [Tz; 28] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::Europe__Dublin,
    Tz::Europe__London,
    Tz::Europe__Moscow,
    Tz::America__New_York,
    Tz::America__Los_Angeles,
    Tz::America__St_Johns,
    Tz::America__Havana,
    Tz::America__Sao_Paulo,
    Tz::America__Santiago,
    Tz::America__Caracas,
    Tz::America__Scoresbysund,
    Tz::Africa__Cairo,
    Tz::Africa__Casablanca,
    Tz::Africa__Monrovia,
    Tz::Asia__Beirut,
    Tz::Asia__Gaza,
    Tz::Asia__Kathmandu,
    Tz::Asia__Pyongyang,
    Tz::Asia__Tehran,
    Tz::Australia__Lord_Howe,
    Tz::Australia__Sydney,
    Tz::Antarctica__Troll,
    Tz::Pacific__Apia,
    Tz::Pacific__Chatham,
    Tz::Pacific__Kwajalein,
    Tz::Pacific__Kiritimati,
];

/// `SplitMix64`.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound
    }

    /// True once in `times` calls, at random.
    pub fn chance(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}

/// Parses a schedule by the zone data of `chrono-tz`.
pub fn parse(text: &str, zone: Tz) -> Schedule {
    let zones = ZoneStamp::default().zones().unwrap();
    Schedule::parse_by(&zones, text, Some(zone.name())).unwrap()
}

/// The instants in 1971-2037 at which the zone's offset changes.
pub fn transitions(zone: Tz) -> Vec<i64> {
    let step = 6 * 3600;
    let mut found = Vec::new();
    let mut before = 365 * 86_400;
    while before < 68 * 365 * 86_400 {
        let after = before + step;
        if offset(zone, before) != offset(zone, after) {
            found.push(bisect(zone, before, after));
        }
        before = after;
    }
    found
}

fn bisect(zone: Tz, mut before: i64, mut after: i64) -> i64 {
    while after - before > 1 {
        let middle = i64::midpoint(before, after);
        if offset(zone, middle) == offset(zone, after) {
            after = middle;
        } else {
            before = middle;
        }
    }
    after
}

/// Random expression of five fields, which tends to be due around `middle`.
pub fn expression(random: &mut Random, zone: Tz, middle: i64) -> String {
    let shift = random.below(8 * 3600) as i64 - 4 * 3600;
    let local = DateTime::from_timestamp(middle + shift, 0).unwrap().with_timezone(&zone);
    let weekday = local.weekday().num_days_from_sunday();
    let likely_minute = *random.pick(&[0, 0, 15, 30, 45, 59, local.minute()]);
    let minute = field(random, likely_minute, 0, 59, 3);
    let hour = field(random, local.hour(), 0, 23, 3);
    let mut day_of_month = field(random, local.day(), 1, 31, 3);
    let mut month = field(random, local.month(), 1, 12, 2);
    let mut day_of_week = field(random, weekday, 0, 7, 3);
    if random.chance(2) {
        day_of_month = String::from("*");
    }
    if random.chance(2) {
        day_of_week = String::from("*");
    }
    if random.chance(8) {
        month = local.format("%b").to_string();
    }
    if random.chance(12) {
        day_of_week = local.format("%a").to_string().to_uppercase();
    }
    format!("{minute} {hour} {day_of_month} {month} {day_of_week}")
}

/// Field that most likely holds `likely`.
fn field(random: &mut Random, likely: u32, low: u32, high: u32, star_one_in: u64) -> String {
    if random.chance(star_one_in) {
        return if random.chance(2) { "*".to_owned() } else { format!("*/{}", 1 + random.below(20)) };
    }
    let mut any = || low + random.below(u64::from(high - low + 1)) as u32;
    let (other, spare) = (any(), any());
    let (first, last) = (likely.min(other), likely.max(other));
    match random.below(8) {
        0 => format!("{first}-{last}"),
        1 => format!("{first}-{last}/{}", 1 + random.below(7)),
        2 => format!("{other},{likely}"),
        3 => format!("{spare},{first}-{last}"),
        4 => format!("{likely},*/{}", 1 + random.below(15)),
        _ => likely.to_string(),
    }
}

fn offset(zone: Tz, instant: i64) -> i32 {
    let utc = DateTime::from_timestamp(instant, 0).unwrap().naive_utc();
    zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()
}
