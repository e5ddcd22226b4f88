//! What seldom meets by chance.

use ecluse::domain::level::Level::{Change, Recover};

use super::ambush::Ambusher;
use super::person::Person;
use crate::torture::history::Secret;
use crate::torture::world::link::Moment;

/// How many there are.
pub(super) const MEETINGS: usize = 9;

impl Ambusher {
    pub(super) async fn meet(&self, which: usize) -> Option<()> {
        match which {
            0 => self.a_page_and_a_recovery().await,
            1 => self.a_session_and_a_recovery().await,
            2 => self.a_session_and_a_new_code().await,
            3 => self.a_code_and_a_recovery().await,
            4 => self.a_wrong_password().await,
            5 => self.a_code_after_its_change().await,
            6 => self.a_code_after_a_force().await,
            7 => self.a_commit_that_nobody_hears_of().await,
            _ => self.a_force_after_a_stricter_one().await,
        }
    }

    /// The old password opened the page when a change was merely due.
    async fn a_page_and_a_recovery(&self) -> Option<()> {
        let person = self.somebody().await?.elsewhere();
        let due = self.order(Change).await;
        person.sign_in(Secret::Password(self.password()?)).await;
        let page = person.open_page().await;
        person.ask_for_code().await; // which ends the page
        if let Some(page) = page {
            person.choose(page).await;
        }
        let thief = person.elsewhere();
        thief.sign_in(Secret::Password(self.password()?)).await;
        let page = thief.open_page().await;
        let stolen = self.order(Recover).await;
        if let Some(page) = page {
            thief.choose(page).await;
        }
        self.cancel(stolen).await;
        self.cancel(due).await;
        Some(())
    }

    /// A session of before is tried while the order binds, and once it was released to a change.
    async fn a_session_and_a_recovery(&self) -> Option<()> {
        let person = self.somebody().await?;
        let (during, after) = (person.open_page().await, Self::copy_of(&person));
        let order = self.order(Recover).await;
        if let Some(page) = during {
            person.choose(page).await;
        }
        person.elsewhere().sign_in(Secret::Password(self.password()?)).await;
        self.cancel(order).await;
        after.change_at_once().await;
        Some(())
    }

    async fn a_session_and_a_new_code(&self) -> Option<()> {
        let person = self.somebody().await?;
        let page = person.open_page().await;
        person.ask_for_code().await;
        Self::copy_of(&person).authorize(false).await;
        if let Some(page) = page {
            person.choose(page).await;
        }
        Some(())
    }

    /// The page was opened by a code that was printed before the order.
    async fn a_code_and_a_recovery(&self) -> Option<()> {
        let person = self.somebody().await?;
        person.ask_for_code().await;
        let other = person.elsewhere();
        other.sign_in(Secret::Code(self.last_code()?)).await;
        let page = other.open_page().await;
        let order = self.order(Recover).await;
        if let Some(page) = page {
            other.choose(page).await;
        }
        self.cancel(order).await;
        Some(())
    }

    async fn a_wrong_password(&self) -> Option<()> {
        let person = self.somebody().await?;
        let right = self.password()?;
        let passwords = self.passwords();
        let wrong = *passwords.iter().rev().nth(1)?;
        person.elsewhere().sign_in(Secret::Password(wrong)).await;
        self.believe(wrong);
        person.change_at_once().await;
        self.believe(right);
        Some(())
    }

    async fn a_code_after_its_change(&self) -> Option<()> {
        let person = self.somebody().await?.elsewhere();
        person.ask_for_code().await;
        let code = self.last_code()?;
        person.sign_in(Secret::Code(code.clone())).await;
        person.change_at_once().await;
        self.try_code(&person, code).await
    }

    async fn a_code_after_a_force(&self) -> Option<()> {
        let person = self.somebody().await?.elsewhere();
        person.ask_for_code().await;
        let code = self.last_code()?;
        self.force(Change).await;
        self.try_code(&person, code).await
    }

    /// It was made, and must not have been refused: whoever is told that it was not made goes on with the old password.
    async fn a_commit_that_nobody_hears_of(&self) -> Option<()> {
        let person = self.somebody().await?;
        let page = person.open_page().await?;
        self.lay(Moment::Answer);
        let chosen = self.here(&person).choose(page).await;
        self.let_go();
        for _ in 0..3 {
            if person.elsewhere().sign_in(Secret::Password(chosen)).await.is_some() {
                break;
            }
        }
        Some(())
    }

    async fn try_code(&self, person: &Person, code: String) -> Option<()> {
        let other = person.elsewhere();
        if other.sign_in(Secret::Code(code)).await == Some(true) {
            other.change_at_once().await;
        }
        Some(())
    }

    async fn a_force_after_a_stricter_one(&self) -> Option<()> {
        let person = self.somebody().await?;
        let password = self.password()?;
        self.force(Recover).await;
        self.force(Change).await;
        person.elsewhere().sign_in(Secret::Password(password)).await;
        Some(())
    }
}
