//! Who is shown a sign-in page in a rush. Whoever types a password and is then refused has cost two more requests, and has
//! to type it again; so when passwords cannot be hashed as fast as they come, some are told to come back at the first request.
//!
//! How many is found out, not set: of those who saw the page lately so many sent a password, and of these so many found a
//! place in the queue. As many are let in as fill it and a quarter more, so that no thread is idle for the sake of those who
//! looked and typed nothing.

use std::time::Duration;

use crate::domain::timestamp::Timestamp;

/// Of what was counted so long ago, a third still counts: longer than people type, so that those who come and those who
/// send a password are counted over the same people.
const MEMORY: Duration = Duration::from_secs(20);

/// Passwords that are to come for each that can be hashed.
const SURPLUS: f64 = 1.25;

/// Of those who come, so many are let in whatever happens: whoever floods the queue from one page of theirs would
/// otherwise close it to all others. It is enough for six times as many people as can be served.
const LEAST: f64 = 0.2;

/// What happened lately, in numbers that fade.
#[derive(Default)]
pub struct Newcomers {
    came: f64,
    let_in: f64,
    sent: f64,
    placed: f64,
    /// What the share has added up to since somebody was let in: at one it is somebody's turn.
    turn: f64,
    at: Option<Timestamp>,
}

impl Newcomers {
    /// Somebody new comes, to a queue that is or is not about to be full: whether to show the sign-in page.
    pub fn admit(&mut self, now: Timestamp, crowded: bool) -> bool {
        self.fade(now);
        let share = if crowded { self.share() } else { 1.0 };
        self.came += 1.0;
        self.turn += share;
        if self.turn < 1.0 {
            return false;
        }
        self.turn = (self.turn - 1.0).min(1.0);
        self.let_in += 1.0;
        true
    }

    /// Somebody sent a password, and found a place in the queue or did not.
    pub fn sent(&mut self, now: Timestamp, placed: bool) {
        self.fade(now);
        self.sent += 1.0;
        self.placed += f64::from(u8::from(placed));
    }

    /// Which share of those who come is let in: the share that was, more or less by what became of them.
    fn share(&self) -> f64 {
        if self.sent < 1.0 || self.came < 1.0 {
            return 1.0;
        }
        (SURPLUS * (self.let_in / self.came) * (self.placed / self.sent)).clamp(LEAST, 1.0)
    }

    fn fade(&mut self, now: Timestamp) {
        let past = self.at.map_or(Duration::ZERO, |at| now.since(at));
        self.at = Some(now);
        let left = (-past.as_secs_f64() / MEMORY.as_secs_f64()).exp();
        for number in [&mut self.came, &mut self.let_in, &mut self.sent, &mut self.placed] {
            *number *= left;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// People who come at a steady rate, type for ten seconds, and share ten places a second: what share of the places
    /// was used in the last of four minutes, and what share of those who came saw the page.
    fn rush(a_second: u32, typing: f64) -> (f64, f64) {
        const PLACES: f64 = 10.0;
        let mut newcomers = Newcomers::default();
        let mut typists = VecDeque::new();
        let (mut used, mut came, mut seen, mut place) = (0.0, 0.0, 0.0, 0.0_f64);
        let mut fraction = 0.0;
        for tick in 0..240 * a_second {
            let second = f64::from(tick) / f64::from(a_second);
            let now = Timestamp::from_seconds(0).plus(Duration::from_secs_f64(second));
            let counts = f64::from(u8::from(second >= 180.0));
            place = (place + PLACES / f64::from(a_second)).min(40.0);
            while typists.front().is_some_and(|due| *due <= second) {
                typists.pop_front();
                let placed = place >= 1.0;
                newcomers.sent(now, placed);
                place -= f64::from(u8::from(placed));
                used += counts * f64::from(u8::from(placed));
            }
            let crowded = place < 20.0;
            let admitted = newcomers.admit(now, crowded);
            came += counts;
            seen += counts * f64::from(u8::from(admitted));
            fraction += if admitted { typing } else { 0.0 };
            if fraction >= 1.0 {
                fraction -= 1.0;
                typists.push_back(second + 10.0);
            }
        }
        (used / (60.0 * PLACES), seen / came)
    }

    #[test]
    fn as_many_see_the_page_as_can_be_served_and_few_more() {
        for (a_second, typing) in [(50, 1.0), (20, 1.0), (13, 1.0), (100, 0.5), (40, 0.5)] {
            let (used, seen) = rush(a_second, typing);
            let could_be = 10.0 / (f64::from(a_second) * typing);
            assert!(used > 0.95, "{a_second} a second: {used:.2} of the places were used");
            assert!(seen < 1.5 * could_be, "{a_second} a second: {seen:.2} saw the page");
        }
        assert!(rush(9, 1.0).1 > 0.999, "who can all be served all see it");
    }

    #[test]
    fn a_flood_of_passwords_leaves_others_a_fifth_of_the_pages() {
        let mut newcomers = Newcomers::default();
        let now = Timestamp::from_seconds(0);
        let admitted = (0..1_000).filter(|_| {
            (0..100).for_each(|_| newcomers.sent(now, false));
            newcomers.admit(now, true)
        });
        assert_eq!(admitted.count(), 200);
    }

    #[test]
    fn a_rush_is_forgotten_and_a_queue_with_room_lets_everybody_in() {
        let mut newcomers = Newcomers::default();
        let begin = Timestamp::from_seconds(0);
        for _ in 0..100 {
            newcomers.admit(begin, true);
            newcomers.sent(begin, false);
        }
        assert!((0..10).any(|_| !newcomers.admit(begin, true)));
        assert!((0..10).all(|_| newcomers.admit(begin, false)));
        let later = begin.plus(Duration::from_mins(10));
        assert!((0..10).all(|_| newcomers.admit(later, true)));
    }
}
