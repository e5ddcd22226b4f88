//! `[throttle]`: how guessing is slowed down. It can be loosened within bounds, never switched off.

use super::password::stand_alone;
use super::{Problem, more_than_zero, not_above};
use crate::domain::length;
use crate::domain::password::PasswordRules;
use crate::domain::throttle::ThrottleRules;

/// Whether the limits can work, and are tight enough for the passwords that the rules accept.
pub(super) fn check(limits: &ThrottleRules, rules: &PasswordRules) -> Result<(), Problem> {
    check_limits(limits)?;
    match too_loose(limits) {
        Some((key, bound)) if !stand_alone(rules) => Err(Problem::new(
            &format!("throttle.{key}"),
            format!(
                "{bound}, while password.rules accept {} characters (CNIL deliberation 2022-100); tighten it, or \
                 ask for 12 characters of all four classes",
                rules.min_length
            ),
        )),
        Some(_) | None => Ok(()),
    }
}

fn check_limits(limits: &ThrottleRules) -> Result<(), Problem> {
    let key = |name: &str| format!("throttle.{name}");
    if limits.free == 0 {
        return Err(Problem::new(&key("free"), "0 would make everyone wait; write at least 1".to_owned()));
    }
    more_than_zero(&key("first_delay"), limits.first_delay)?;
    not_above(&key("first_delay"), limits.first_delay, &key("longest_delay"), limits.longest_delay)?;
    not_above(&key("longest_delay"), limits.longest_delay, &key("window"), limits.window)?;
    if limits.ceiling <= limits.free {
        return Err(Problem::new(
            &key("ceiling"),
            format!("{} must be above {} ({})", limits.ceiling, key("free"), limits.free),
        ));
    }
    Ok(())
}

/// The first limit looser than the CNIL's throttle, under which 8 characters are not enough, and how to say so.
fn too_loose(limits: &ThrottleRules) -> Option<(&'static str, String)> {
    let cnil = ThrottleRules::CNIL;
    let most = [("free", limits.free, cnil.free), ("ceiling", limits.ceiling, cnil.ceiling)];
    let least =
        [("first_delay", limits.first_delay, cnil.first_delay), ("window", limits.window, cnil.window)];
    let above = most.into_iter().find(|(_, number, bound)| number > bound);
    let below = least.into_iter().find(|(_, length, bound)| length < bound);
    above.map(|(key, number, bound)| (key, format!("{number} is more than {bound}"))).or_else(|| {
        below.map(|(key, length, bound)| {
            (key, format!("{} is less than {}", length::text(length), length::text(bound)))
        })
    })
}
