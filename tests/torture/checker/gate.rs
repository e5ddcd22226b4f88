//! What the gate must have refused: whatever was given after it closed and before anything may have opened it.

use ecluse::domain::level::Level;

use super::Violation;
use super::story::{Life, Order, Story};
use super::window::Deed;
use crate::torture::history::{Act, Held, Secret};

/// Something that certainly closed an account's gate.
struct Closed<'s, 'h> {
    deed: &'s Deed<'h>,
    level: Level,
    order: Option<&'s Order<'h>>,
}

/// No door opens between a closing that was acknowledged and what may have opened it again, and no old password does
/// anything where it is believed stolen.
pub(super) fn check(story: &Story<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for life in story.lives.values() {
        let closed = closings(story, life);
        let signed_in = life.sign_ins.iter().filter(|deed| gives_session(deed));
        for door in life.doors.iter().chain(signed_in).filter(|deed| deed.sure) {
            let stands = closed.iter().find(|closed| closed.stands(life, door));
            found.extend(stands.map(|closed| {
                let because = "a door opened after the gate was closed and before anything opened it";
                Violation::of("gate_closed", &[closed.deed, door], because)
            }));
        }
        for used in life.sign_ins.iter().chain(&life.changes).filter(|deed| deed.sure) {
            let stands = closed.iter().find(|closed| is_by_password(used) && closed.is_stolen(life, used));
            found.extend(stands.map(|closed| {
                let because = "an old password was worth something while it was believed stolen";
                Violation::of("recover", &[closed.deed, used], because)
            }));
        }
    }
    found
}

fn gives_session(deed: &Deed<'_>) -> bool {
    matches!(&deed.event.act, Act::SignIn { held: Some(Held::Session(_)), .. })
}

fn is_by_password(deed: &Deed<'_>) -> bool {
    match &deed.event.act {
        Act::SignIn { secret, held, .. } => held.is_some() && matches!(secret, Secret::Password(_)),
        Act::Change { proof, .. } => matches!(proof, Secret::Password(_)),
        _ => false,
    }
}

/// What certainly closed the gate of an account.
fn closings<'s, 'h>(story: &'s Story<'h>, life: &'s Life<'h>) -> Vec<Closed<'s, 'h>> {
    let orders = story.orders_over(life).into_iter();
    let orders = orders.map(|order| Closed { deed: &order.deed, level: order.level, order: Some(order) });
    let forced = life.forces.iter().filter(|deed| deed.sure).filter_map(|deed| match deed.event.act {
        Act::Force { level, .. } => Some(Closed { deed, level, order: None }),
        _ => None,
    });
    orders.chain(forced).collect()
}

impl<'h> Closed<'_, 'h> {
    /// Whether the gate was closed by this when the door was asked, whatever may have happened.
    fn stands(&self, life: &Life<'h>, door: &Deed<'h>) -> bool {
        self.deed.window.surely_before(&door.window)
            && !(self.level == Level::Change && self.may_be_lifted_before(door))
            && !life.changes.iter().any(|change| self.may_be_answered_by(change, door))
    }

    /// Whether nothing but a code was worth anything under this when the password was used.
    fn is_stolen(&self, life: &Life<'h>, used: &Deed<'h>) -> bool {
        self.level == Level::Recover
            && self.deed.window.surely_before(&used.window)
            && !self.may_be_lifted_before(used)
            && !life.changes.iter().any(|change| self.may_be_answered_by(change, used))
    }

    fn may_be_lifted_before(&self, later: &Deed<'h>) -> bool {
        let cancels = self.order.map_or(&[][..], |order| &order.cancels);
        cancels.iter().any(|cancel| cancel.window.may_precede(&later.window))
    }

    /// Whether this change may be what opened the gate, between the closing and the later deed. At level `recover` an old
    /// password authorises none, unless the order was released to `change` before.
    fn may_be_answered_by(&self, change: &Deed<'h>, later: &Deed<'h>) -> bool {
        let authorised =
            self.level == Level::Change || !is_by_password(change) || self.may_be_lifted_before(change);
        authorised
            && !change.is(later)
            && self.deed.window.may_precede(&change.window)
            && change.window.may_precede(&later.window)
    }
}
