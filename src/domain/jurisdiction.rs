//! What an operator may do, and to whom: one answer for the console, the API and whoever else asks.
//!
//! A role over a territory allows some acts on whoever is inside. What is done to one person is done to the *whole account*: a
//! teacher's new code opens whatever the teacher may do anywhere, so one school must not issue it to somebody who also
//! teaches at another. Being a pupil or a guardian elsewhere does not count: pupils and their guardians may do nothing to others,
//! and every school of theirs helps them.

use std::time::Duration;

use thiserror::Error;

use super::account::AccountId;
use super::operator::Role;
use super::population::Population;
use super::profile::Profile;
use super::territory::{TerritoryKind, TerritoryPath};
use super::timestamp::Timestamp;

/// A role over a place and everything below it, as it was granted to an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGrant {
    /// Which role.
    pub role: Role,
    /// Where.
    pub over: TerritoryPath,
}

/// What an operator asks to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Write an order, change a draft, cancel or close one: what an order does reaches everybody in its population.
    IssueOrder,
    /// Be the second person behind an order.
    ApproveOrder,
    /// Print the codes of a population.
    PrintSlips,
    /// Say that slips were handed over, or take it back.
    HandOver,
    /// Give one person a new code.
    IssueCode,
    /// Force a change on selected people.
    ForceChange,
    /// Let somebody try again who failed too often.
    Unlock,
    /// Sign somebody out everywhere.
    EndSessions,
    /// Keep an account from everything, or let it in again.
    Disable,
    /// Give a role to somebody, or take it away.
    GrantRole(Role),
    /// See who is there, and where each of them stands.
    ReadPeople,
    /// See how far orders have got.
    ReadProgress,
    /// Read and export the audit log.
    ReadAudit,
}

/// One account with all that it is anywhere, now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeAccount {
    /// Whose.
    pub account: AccountId,
    /// Where the person belongs, and as what.
    pub affiliations: Vec<(TerritoryPath, Profile)>,
    /// What the person may do to others.
    pub roles: Vec<RoleGrant>,
}

/// On whom.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// A part of a territory.
    Population(&'a Population),
    /// One person.
    Account(&'a WholeAccount),
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No role of the operator allows it anywhere.
    #[error("none of your roles allows this")]
    NotOfRole,
    /// A role allows it, at other places.
    #[error("this is outside your territory")]
    OutOfTerritory,
    /// Only pupils and guardians may be reached by this role.
    #[error("your role reaches pupils and guardians only")]
    NotPupilsAlone,
    /// The person is something at several places; whoever is responsible for all of them may do it.
    #[error("this person also belongs elsewhere; {} can do this", .0.as_str())]
    WiderThanTerritory(TerritoryPath),
    /// Nobody does this to the own account.
    #[error("you cannot do this to your own account")]
    Oneself,
    /// It needs a second factor that was shown a moment ago.
    #[error("show your second factor again; for this it must not be older than five minutes")]
    FactorTooOld,
}

/// How old a second factor may be for the acts that reach many, or give power.
pub const FACTOR_AGE: Duration = Duration::from_mins(5);

impl Permission {
    /// Whether it needs a second factor that was shown lately, and none was. Whatever is done to several people at once does.
    pub fn check_factor(
        self,
        people: usize,
        shown_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let is_grave =
            matches!(self, Self::IssueOrder | Self::ApproveOrder | Self::PrintSlips | Self::GrantRole(_));
        let needs = is_grave || people > 1;
        let fresh = shown_at.is_some_and(|at| now.since(at) <= FACTOR_AGE);
        if needs && !fresh { Err(Refusal::FactorTooOld) } else { Ok(()) }
    }
}

impl Role {
    /// Whether it takes two operators to give it at such a place: its holder may give any role, or order for, or print the codes
    /// of, more than a school.
    pub fn needs_two(self, at: TerritoryKind) -> bool {
        let is_mighty = self.allows(Permission::IssueOrder) || self.allows(Permission::PrintSlips);
        self == Self::Authority || at < TerritoryKind::School && is_mighty
    }

    /// Whether the role allows it at all.
    const fn allows(self, permission: Permission) -> bool {
        use Permission as P;
        match (self, permission) {
            (Self::Authority, _)
            | (
                Self::SchoolAdmin,
                P::IssueOrder
                | P::ApproveOrder
                | P::PrintSlips
                | P::HandOver
                | P::IssueCode
                | P::ForceChange
                | P::Unlock
                | P::EndSessions
                | P::Disable
                | P::GrantRole(Self::ClassTeacher | Self::Helpdesk)
                | P::ReadPeople
                | P::ReadProgress
                | P::ReadAudit,
            )
            | (
                Self::ClassTeacher,
                P::PrintSlips
                | P::HandOver
                | P::IssueCode
                | P::ForceChange
                | P::Unlock
                | P::EndSessions
                | P::ReadPeople
                | P::ReadProgress,
            )
            | (Self::Helpdesk, P::IssueCode | P::Unlock | P::EndSessions | P::ReadPeople)
            | (Self::Auditor, P::ReadProgress | P::ReadAudit) => true,
            (Self::SchoolAdmin | Self::ClassTeacher | Self::Helpdesk | Self::Auditor, _) => false,
        }
    }

    /// Whether its holder can give a code to anybody of a place.
    pub const fn helps_everybody(self) -> bool {
        self.allows(Permission::IssueCode) && !self.is_for_families()
    }

    /// Whether it reaches nobody but pupils and guardians.
    pub const fn is_for_families(self) -> bool {
        matches!(self, Self::ClassTeacher)
    }
}

/// Whether people of this profile may do nothing to others, so that every school of theirs may help them.
const fn is_of_family(profile: Profile) -> bool {
    matches!(profile, Profile::Pupil | Profile::Guardian)
}

/// The grant that allows an act, of all that an operator holds: one grant alone must do. Else why none does, the least far-fetched
/// reason first.
pub fn permits<'a>(
    operator: &AccountId,
    grants: &'a [RoleGrant],
    permission: Permission,
    target: Target<'_>,
) -> Result<&'a RoleGrant, Refusal> {
    if let Target::Account(whole) = target
        && whole.account == *operator
        && permission != Permission::ReadPeople
    {
        return Err(Refusal::Oneself);
    }
    let mut refusal = Refusal::NotOfRole;
    for grant in grants.iter().filter(|grant| grant.role.allows(permission)) {
        let refused = match target {
            Target::Population(population) => grant.reaches_population(population),
            Target::Account(whole) => grant.reaches_account(whole, permission),
        };
        match refused {
            Ok(()) => return Ok(grant),
            Err(reason) if reason.rank() > refusal.rank() => refusal = reason,
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// The parts of a place that somebody with these grants sees: all of it from above, or the own territories inside it, none
/// inside another of them.
pub fn seen(grants: &[RoleGrant], permission: Permission, territory: &TerritoryPath) -> Vec<TerritoryPath> {
    let allowing = || grants.iter().filter(|grant| grant.role.allows(permission)).map(|grant| &grant.over);
    if allowing().any(|over| over.contains(territory)) {
        return vec![territory.clone()];
    }
    let mut inside: Vec<_> = allowing().filter(|over| territory.contains(over)).cloned().collect();
    inside.sort();
    inside.dedup();
    let outermost =
        inside.iter().filter(|path| !inside.iter().any(|over| over != *path && over.contains(path)));
    outermost.cloned().collect()
}

/// The grants that allow something somewhere.
pub fn allowing(grants: &[RoleGrant], permission: Permission) -> impl Iterator<Item = &RoleGrant> {
    grants.iter().filter(move |grant| grant.role.allows(permission))
}

impl Refusal {
    /// How near it was.
    const fn rank(&self) -> u8 {
        match self {
            Self::NotOfRole => 0,
            Self::OutOfTerritory => 1,
            Self::NotPupilsAlone => 2,
            Self::WiderThanTerritory(_) => 3,
            Self::Oneself | Self::FactorTooOld => 4,
        }
    }
}

impl RoleGrant {
    fn reaches_population(&self, population: &Population) -> Result<(), Refusal> {
        if !self.over.contains(&population.territory) {
            return Err(Refusal::OutOfTerritory);
        }
        let families_alone = !population.profiles.is_empty()
            && population.profiles.iter().all(|profile| is_of_family(*profile));
        if self.role.is_for_families() && !families_alone {
            return Err(Refusal::NotPupilsAlone);
        }
        Ok(())
    }

    fn reaches_account(&self, whole: &WholeAccount, permission: Permission) -> Result<(), Refusal> {
        let is_here = |path: &TerritoryPath| self.over.contains(path);
        if !whole.affiliations.iter().any(|(path, _)| is_here(path))
            && !whole.roles.iter().any(|grant| is_here(&grant.over))
        {
            return Err(Refusal::OutOfTerritory);
        }
        if permission == Permission::ReadPeople && !self.role.is_for_families() {
            return Ok(());
        }
        let weighty = whole.affiliations.iter().filter(|(_, profile)| !is_of_family(*profile));
        let weighty: Vec<_> =
            weighty.map(|(path, _)| path).chain(whole.roles.iter().map(|grant| &grant.over)).collect();
        if self.role.is_for_families() && !weighty.is_empty() {
            return Err(Refusal::NotPupilsAlone);
        }
        if weighty.iter().all(|path| is_here(path)) {
            return Ok(());
        }
        let above = weighty.into_iter().fold(self.over.clone(), |above, path| above.common(path));
        Err(Refusal::WiderThanTerritory(above))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn path(codes: &[&str]) -> TerritoryPath {
        let below = |above: TerritoryPath, code: &&str| {
            above.child(&super::super::territory::TerritoryCode::parse(code).unwrap())
        };
        codes.iter().fold(TerritoryPath::root(), below)
    }

    fn academie() -> TerritoryPath {
        path(&["academie:13"])
    }

    fn school() -> TerritoryPath {
        path(&["academie:13", "departement:086", "uai:0860001J"])
    }

    fn other_school() -> TerritoryPath {
        path(&["academie:13", "departement:017", "uai:0170001A"])
    }

    fn class() -> TerritoryPath {
        path(&["academie:13", "departement:086", "uai:0860001J", "class:0860001J/6A"])
    }

    fn grant(role: Role, over: TerritoryPath) -> [RoleGrant; 1] {
        [RoleGrant { role, over }]
    }

    fn person(affiliations: &[(TerritoryPath, Profile)]) -> WholeAccount {
        WholeAccount {
            account: AccountId("somebody".to_owned()),
            affiliations: affiliations.to_vec(),
            roles: Vec::new(),
        }
    }

    fn ask(grants: &[RoleGrant], permission: Permission, whole: &WholeAccount) -> Result<(), Refusal> {
        permits(&AccountId("operator".to_owned()), grants, permission, Target::Account(whole)).map(drop)
    }

    #[test]
    fn a_guardian_is_helped_by_every_school_of_a_child_and_a_teacher_of_two_by_neither() {
        let guardian = person(&[(class(), Profile::Guardian), (other_school(), Profile::Guardian)]);
        let teacher = person(&[(school(), Profile::Teacher), (other_school(), Profile::Teacher)]);
        let teaches_here = person(&[(school(), Profile::Teacher), (other_school(), Profile::Guardian)]);
        for over in [school(), other_school()] {
            assert_eq!(ask(&grant(Role::SchoolAdmin, over), Permission::IssueCode, &guardian), Ok(()));
        }
        for over in [school(), other_school()] {
            let refused = ask(&grant(Role::SchoolAdmin, over), Permission::IssueCode, &teacher);
            assert_eq!(refused, Err(Refusal::WiderThanTerritory(academie())));
        }
        assert_eq!(ask(&grant(Role::Authority, academie()), Permission::IssueCode, &teacher), Ok(()));
        assert_eq!(ask(&grant(Role::SchoolAdmin, school()), Permission::IssueCode, &teaches_here), Ok(()));
        let refused = ask(&grant(Role::SchoolAdmin, other_school()), Permission::IssueCode, &teaches_here);
        assert_eq!(
            refused,
            Err(Refusal::WiderThanTerritory(academie())),
            "the child's school is not the teacher's"
        );
        // Two grants do not add up.
        let both = [grant(Role::SchoolAdmin, school()), grant(Role::SchoolAdmin, other_school())].concat();
        assert!(ask(&both, Permission::IssueCode, &teacher).is_err());
    }

    #[test]
    fn a_class_teacher_reaches_pupils_and_guardians_of_the_class_and_never_staff() {
        let teacher = grant(Role::ClassTeacher, class());
        let pupil = person(&[(class(), Profile::Pupil)]);
        assert_eq!(ask(&teacher, Permission::ForceChange, &pupil), Ok(()));
        assert_eq!(ask(&teacher, Permission::ForceChange, &person(&[(class(), Profile::Guardian)])), Ok(()));
        let colleague = person(&[(class(), Profile::Teacher)]);
        for permission in [Permission::ForceChange, Permission::IssueCode, Permission::ReadPeople] {
            assert_eq!(ask(&teacher, permission, &colleague), Err(Refusal::NotPupilsAlone));
        }
        let elsewhere = person(&[(school(), Profile::Pupil)]);
        assert_eq!(ask(&teacher, Permission::ForceChange, &elsewhere), Err(Refusal::OutOfTerritory));
        assert_eq!(ask(&teacher, Permission::Disable, &pupil), Err(Refusal::NotOfRole));
        // A guardian who is a secretary at another school is staff.
        let secretary = WholeAccount {
            roles: grant(Role::SchoolAdmin, other_school()).to_vec(),
            ..person(&[(class(), Profile::Guardian)])
        };
        assert_eq!(ask(&teacher, Permission::IssueCode, &secretary), Err(Refusal::NotPupilsAlone));
        let school_admin = grant(Role::SchoolAdmin, school());
        let refused = ask(&school_admin, Permission::IssueCode, &secretary);
        assert_eq!(refused, Err(Refusal::WiderThanTerritory(academie())));
        assert_eq!(ask(&school_admin, Permission::ReadPeople, &secretary), Ok(()));
    }

    #[test]
    fn a_population_is_inside_or_not_at_all() {
        let of = |territory: TerritoryPath, profiles: &[Profile]| Population {
            territory,
            profiles: profiles.iter().copied().collect::<BTreeSet<_>>(),
        };
        let ask = |grants: &[RoleGrant], permission, population: &Population| {
            let operator = AccountId("operator".to_owned());
            permits(&operator, grants, permission, Target::Population(population)).map(drop)
        };
        let school_admin = grant(Role::SchoolAdmin, school());
        assert_eq!(ask(&school_admin, Permission::IssueOrder, &of(class(), &[])), Ok(()));
        for wider in [academie(), other_school(), TerritoryPath::root()] {
            let refused = ask(&school_admin, Permission::IssueOrder, &of(wider, &[]));
            assert_eq!(refused, Err(Refusal::OutOfTerritory));
        }
        let teacher = grant(Role::ClassTeacher, class());
        let families = [Profile::Pupil, Profile::Guardian];
        assert_eq!(ask(&teacher, Permission::PrintSlips, &of(class(), &families)), Ok(()));
        for everybody in [&[][..], &[Profile::Pupil, Profile::Teacher]] {
            let refused = ask(&teacher, Permission::PrintSlips, &of(class(), everybody));
            assert_eq!(refused, Err(Refusal::NotPupilsAlone), "no profile named means all of them");
        }
        assert_eq!(ask(&teacher, Permission::IssueOrder, &of(class(), &families)), Err(Refusal::NotOfRole));
    }

    #[test]
    fn of_a_place_somebody_sees_all_or_the_own_parts() {
        let both = [grant(Role::SchoolAdmin, school()), grant(Role::ClassTeacher, class())].concat();
        let see = |territory: TerritoryPath| seen(&both, Permission::ReadProgress, &territory);
        assert_eq!(see(class()), [class()]);
        assert_eq!(see(academie()), [school()], "the class is inside the school");
        assert_eq!(see(other_school()), []);
        assert_eq!(seen(&grant(Role::Helpdesk, school()), Permission::ReadProgress, &school()), []);
    }

    #[test]
    fn nobody_does_it_to_the_own_account_whatever_the_role() {
        let own = person(&[(school(), Profile::Administration)]);
        let authority = grant(Role::Authority, TerritoryPath::root());
        for permission in [Permission::IssueCode, Permission::GrantRole(Role::Authority), Permission::Unlock]
        {
            let asked = permits(&own.account, &authority, permission, Target::Account(&own));
            assert_eq!(asked, Err(Refusal::Oneself));
        }
    }

    #[test]
    fn a_school_gives_its_own_roles_and_none_above_them() {
        let secretary = person(&[(school(), Profile::Administration)]);
        let school_admin = grant(Role::SchoolAdmin, school());
        for (role, given) in [
            (Role::ClassTeacher, true),
            (Role::Helpdesk, true),
            (Role::SchoolAdmin, false),
            (Role::Authority, false),
            (Role::Auditor, false),
        ] {
            assert_eq!(
                ask(&school_admin, Permission::GrantRole(role), &secretary).is_ok(),
                given,
                "{role:?}"
            );
        }
    }
}
