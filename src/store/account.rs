//! Accounts: the people, their credentials and codes, and all that the gate reads of them.

use crate::domain::account::{AccountId, AccountNumber, Affiliation, LoginName, WayIn};
use crate::domain::facts::{CodeFacts, CredentialFacts, Facts, Proof};
use crate::domain::gate::GatePass;
use crate::domain::level::Level;
use crate::domain::order_clock::{ClockSpan, OrderClock};
use crate::domain::secret::Secret;
use crate::domain::slip::PrintedSlip;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::store::db::{Db, DbError, Row, Statement, q};
use crate::store::slip;

/// An account with everything that one statement reads of it.
#[derive(Clone)]
pub struct Person {
    /// What the gate reads.
    pub facts: Facts,
    /// The login as the source wrote it.
    pub login: String,
    /// The login in its normal form.
    pub login_name: LoginName,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// E-mail address, where the source gave one.
    pub email: Option<String>,
    /// When the account's row last changed.
    pub updated_at: Timestamp,
    /// The password hash in PHC form, if a password was ever chosen.
    pub phc: Option<Secret>,
    /// The last slip.
    pub slip: Option<PrintedSlip>,
}

/// Between the fields of one affiliation, and between affiliations: characters that no path can hold.
pub(super) const FIELD: char = '\u{1f}';
pub(super) const RECORD: char = '\u{1e}';

/// One statement reads what the gate is told: the account, its credential, affiliations and roles, the order clock, the epoch and the
/// database's time: what the gate is told is true at one instant. Where the deployment's own rows are not there, the
/// account is, without them: that is a database that cannot be read, not a login that nobody has. `$1` and `$2` are the separators; `$from` may add
/// tables joined to `account a`, `$columns` their columns.
macro_rules! facts_sql {
    ($columns:expr, $from:literal, $tail:literal) => {
        concat!(
            "SELECT ",
            $columns,
            "a.id AS account_id, a.number, a.disabled_at, a.way_in, a.forced_level, a.code_issue, a.code_issued_at,
             a.code_issued_under, a.code_printed_under,
             CASE WHEN c.account_id IS NULL THEN NULL ELSE a.chosen_at END AS chosen_at, a.chosen_under, a.proof,
             c.weak_at, c.compromised_at, d.epoch AS deployment_epoch, d.code_epoch, k.value AS order_clock, now_us() AS now,
             (SELECT string_agg(f.path || $1 || f.profile || $1 || CAST(f.began AS TEXT) || $1
                || COALESCE(CAST(f.ended AS TEXT), ''), $2) FROM affiliation f WHERE f.account_id = a.id) AS affiliations,
             (SELECT string_agg(CAST(r.began AS TEXT) || $1 || COALESCE(CAST(r.ended AS TEXT), ''), $2)
                FROM operator_role r WHERE r.account_id = a.id) AS roles
             FROM ",
            $from,
            " LEFT JOIN deployment d ON d.singleton = 1 LEFT JOIN order_clock k ON k.singleton = 1
             LEFT JOIN credential c ON c.account_id = a.id ",
            $tail
        )
    };
}

/// The same, and what else is known of the person.
macro_rules! person_sql {
    ($columns:literal, $from:literal, $tail:literal) => {
        $crate::store::account::facts_sql!(
            concat!(
                $columns,
                "a.login, a.login_name, a.given_name, a.family_name, a.email, a.updated_at, c.phc, a.slip_key, a.slip_epoch,
                 a.slip_issue, a.slip_printed_at, a.slip_handed_at, a.slip_handed_by, "
            ),
            $from,
            $tail
        )
    };
}
pub(super) use {facts_sql, person_sql};

impl Person {
    /// Reads a row of [`person_sql`].
    pub(super) fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            facts: facts(row)?,
            login: row.text("login")?,
            login_name: LoginName::parse(row.str("login_name")?)
                .map_err(|error| row.inconsistent("login_name", error.to_string()))?,
            given_name: row.text("given_name")?,
            family_name: row.text("family_name")?,
            email: row.opt_text("email")?,
            updated_at: row.time("updated_at")?,
            phc: row.opt_text("phc")?.map(Secret::new),
            slip: slip::read(row)?,
        })
    }

    /// By what people are listed.
    fn listed(&self) -> [&str; 3] {
        [&self.family_name, &self.given_name, &self.facts.account.0]
    }

    /// The name as it is read out: given name, then family name.
    pub fn full_name(&self) -> String {
        full_name(&self.given_name, &self.family_name)
    }
}

pub(super) fn full_name(given_name: &str, family_name: &str) -> String {
    format!("{given_name} {family_name}")
}

/// The account of this id.
pub async fn find(db: &Db, id: &AccountId) -> Result<Option<Person>, DbError> {
    const SQL: &str = person_sql!("", "account a", "WHERE a.id = $3");
    let row = db.one(Statement::new(SQL, vec![FIELD.into(), RECORD.into(), id.0.as_str().into()])).await?;
    row.as_ref().map(Person::from_row).transpose()
}

/// The account of this login.
pub async fn find_by_login(db: &Db, login: &LoginName) -> Result<Option<Person>, DbError> {
    const SQL: &str = person_sql!("", "account a", "WHERE a.login_name = $3");
    let row = db.one(Statement::new(SQL, vec![FIELD.into(), RECORD.into(), login.as_str().into()])).await?;
    row.as_ref().map(Person::from_row).transpose()
}

/// The accounts that have or had a place at exactly this territory, by family name, given name and id.
pub async fn at(db: &Db, place: &TerritoryPath) -> Result<Vec<Person>, DbError> {
    const SQL: &str = person_sql!(
        "",
        "account a",
        "WHERE a.id IN (SELECT p.account_id FROM affiliation p WHERE p.path = $3)"
    );
    let rows = db.all(Statement::new(SQL, vec![FIELD.into(), RECORD.into(), place.as_str().into()])).await?;
    let mut people = rows.iter().map(Person::from_row).collect::<Result<Vec<_>, _>>()?;
    // Here, as SQLite would write and read each row once more to sort them.
    people.sort_by(|one, other| one.listed().cmp(&other.listed()));
    Ok(people)
}

/// What the gate reads of the same accounts, in no order: where a million people are counted, nobody's name is read.
pub async fn facts_at(db: &Db, place: &TerritoryPath) -> Result<Vec<Facts>, DbError> {
    const SQL: &str = facts_sql!(
        "",
        "account a",
        "WHERE a.id IN (SELECT p.account_id FROM affiliation p WHERE p.path = $3)"
    );
    let rows = db.all(Statement::new(SQL, vec![FIELD.into(), RECORD.into(), place.as_str().into()])).await?;
    rows.iter().map(facts).collect()
}

/// In a batch: the account number and the order clock are still those that the gate was asked at, no order has fallen
/// due since, and all of it stays so until the batch has committed.
pub fn still_passes(pass: &GatePass) -> [Statement; 3] {
    still(pass.account(), pass.number(), pass.clock(), pass.epoch(), pass.asked_at())
}

/// In a batch: the same for an account whose gate is closed, when it is about to be opened.
pub fn still_at(facts: &Facts) -> [Statement; 3] {
    still(&facts.account, facts.number, facts.clock, facts.epoch, facts.now)
}

fn still(
    account: &AccountId,
    number: AccountNumber,
    clock: OrderClock,
    epoch: i64,
    asked_at: Timestamp,
) -> [Statement; 3] {
    let [clock, epoch] = same_orders(clock, epoch, asked_at);
    [same_number(account, number), clock, epoch]
}

/// In a batch: the account number is still this one, and stays so until the batch has committed.
pub fn same_number(account: &AccountId, number: AccountNumber) -> Statement {
    q!("SELECT id FROM account WHERE id = $1 AND number = $2", account.0.as_str(), number.0)
        .holds_alone()
        .named("account number")
}

/// In a batch: the order clock and the epoch are still these, no order has fallen due since this instant, and all of it
/// stays so until the batch has committed.
pub fn same_orders(clock: OrderClock, epoch: i64, asked_at: Timestamp) -> [Statement; 2] {
    [
        // An order binds from its instant on, and draws its number when somebody gets round to it.
        q!(
            "SELECT value FROM order_clock WHERE value = $1 AND NOT EXISTS
                 (SELECT 1 FROM reset_order WHERE state = 'scheduled' AND scheduled_at > $2 AND scheduled_at <= now_us())",
            clock.0,
            asked_at
        )
        .holds()
        .named("order clock"),
        q!("SELECT epoch FROM deployment WHERE epoch = $1", epoch).holds().named("epoch"),
    ]
}

/// In a batch: a new credential, chosen under the order clock the gate was asked at. Ends the code that opened the page,
/// every other code, every force and, by the number, every session, code, grant and token of the account.
pub fn choose_credential(
    account: &AccountId,
    phc: &Secret,
    under: OrderClock,
    proof: Proof,
    now: Timestamp,
) -> [Statement; 2] {
    [
        q!(
            "INSERT INTO credential (account_id, phc, weak_at, compromised_at) VALUES ($1, $2, NULL, NULL)
             ON CONFLICT (account_id) DO UPDATE SET phc = excluded.phc, weak_at = NULL, compromised_at = NULL",
            account.0.as_str(),
            phc.expose()
        )
        .want(1),
        q!(
            "UPDATE account SET number = number + 1, forced_level = NULL, code_issue = code_issue + 1,
                 code_issued_at = NULL, code_issued_under = NULL, updated_at = $2, chosen_at = $2,
                 chosen_under = $3, proof = $4 WHERE id = $1",
            account.0.as_str(),
            now,
            under.0,
            proof.as_str()
        )
        .want(1),
    ]
}

/// In a batch: the hash of the same password under newer settings; the choice and its numbers stay what they were. None
/// is written when the credential changed meanwhile.
pub fn rehash_credential(account: &AccountId, verified: &Secret, phc: &Secret) -> Statement {
    q!(
        "UPDATE credential SET phc = $3 WHERE account_id = $1 AND phc = $2",
        account.0.as_str(),
        verified.expose(),
        phc.expose()
    )
}

/// In a batch: the credential whose hash was verified is weak under today's rules. The gate is closed from here on.
pub fn mark_weak(account: &AccountId, verified: &Secret, now: Timestamp) -> [Statement; 2] {
    [
        q!(
            "UPDATE credential SET weak_at = $3 WHERE account_id = $1 AND phc = $2 AND weak_at IS NULL",
            account.0.as_str(),
            verified.expose(),
            now
        )
        .want(1),
        raise_number(account, now),
    ]
}

/// In a batch: a change is forced on the account, at the stricter of this level and the one it is forced at already:
/// only a change clears it. A code printed before it is dead.
pub fn force(account: &AccountId, level: Level, now: Timestamp) -> Statement {
    q!(
        "UPDATE account SET number = number + 1, code_issue = code_issue + 1, code_issued_at = NULL,
             code_issued_under = NULL, updated_at = $3,
             forced_level = CASE WHEN forced_level = 'recover' THEN forced_level ELSE $2 END
         WHERE id = $1",
        account.0.as_str(),
        level.as_str(),
        now
    )
    .want(1)
}

/// In a batch: a new code for one person; the one before it is dead, change pages included.
pub fn issue_code(account: &AccountId, now: Timestamp) -> Statement {
    q!(
        "UPDATE account SET number = number + 1, code_issue = code_issue + 1, code_issued_at = $2,
             code_issued_under = (SELECT value FROM order_clock),
             code_printed_under = (SELECT value FROM order_clock), updated_at = $2
         WHERE id = $1 RETURNING code_issue",
        account.0.as_str(),
        now
    )
    .want(1)
}

/// In a batch: the account is disabled, and everything it holds ends.
pub fn disable(account: &AccountId, now: Timestamp) -> Statement {
    q!(
        "UPDATE account SET number = number + 1, disabled_at = COALESCE(disabled_at, $2), updated_at = $2 WHERE id = $1",
        account.0.as_str(),
        now
    )
    .want(1)
}

/// In a batch: the account is enabled again. Nothing that ended comes back: the number is raised once more.
pub fn enable(account: &AccountId, now: Timestamp) -> Statement {
    q!(
        "UPDATE account SET number = number + 1, disabled_at = NULL, updated_at = $2 WHERE id = $1",
        account.0.as_str(),
        now
    )
    .want(1)
}

/// In a batch: everything the account holds ends, its code included.
pub fn end_code(account: &AccountId, now: Timestamp) -> Statement {
    q!(
        "UPDATE account SET number = number + 1, code_issue = code_issue + 1, code_issued_at = NULL,
             code_issued_under = NULL, updated_at = $2 WHERE id = $1",
        account.0.as_str(),
        now
    )
    .want(1)
}

/// In a batch: everything the account holds ends.
pub fn raise_number(account: &AccountId, now: Timestamp) -> Statement {
    q!("UPDATE account SET number = number + 1, updated_at = $2 WHERE id = $1", account.0.as_str(), now)
        .want(1)
}

fn facts(row: &Row) -> Result<Facts, DbError> {
    Ok(Facts {
        account: AccountId(row.text("account_id")?),
        number: AccountNumber(row.int("number")?),
        epoch: row.int("deployment_epoch")?,
        clock: OrderClock(row.int("order_clock")?),
        now: row.time("now")?,
        disabled: row.opt_int("disabled_at")?.is_some(),
        way_in: WayIn::from_stored(row.str("way_in")?)
            .ok_or_else(|| row.inconsistent("way_in", "is none of the known ways in"))?,
        credential: credential(row)?,
        forced: row.opt_parsed("forced_level")?,
        affiliations: affiliations(row)?,
        roles: roles(row)?,
        code: CodeFacts {
            epoch: row.int("code_epoch")?,
            issue: row.int("code_issue")?,
            issued_at: row.opt_time("code_issued_at")?,
            issued_under: row.opt_int("code_issued_under")?.map(OrderClock),
            printed_under: row.opt_int("code_printed_under")?.map(OrderClock),
        },
    })
}

fn credential(row: &Row) -> Result<Option<CredentialFacts>, DbError> {
    let Some(chosen_at) = row.opt_time("chosen_at")? else { return Ok(None) };
    let proof = Proof::from_stored(row.str("proof")?)
        .ok_or_else(|| row.inconsistent("proof", "is none of the known proofs"))?;
    Ok(Some(CredentialFacts {
        clock: OrderClock(row.int("chosen_under")?),
        chosen_at,
        proof,
        weak: row.opt_int("weak_at")?.is_some(),
        compromised: row.opt_int("compromised_at")?.is_some(),
    }))
}

fn affiliations(row: &Row) -> Result<Vec<Affiliation>, DbError> {
    let wrong = || row.inconsistent("affiliations", "is not a list of affiliations");
    let read = |record: &str| {
        let mut fields = record.split(FIELD);
        let path = TerritoryPath::from_stored(fields.next()?.to_owned());
        let profile = fields.next()?.parse().ok()?;
        Some(Affiliation { path, profile, span: span(fields.next()?, fields.next()?)? })
    };
    records(row.opt_str("affiliations")?).map(|record| read(record).ok_or_else(wrong)).collect()
}

fn roles(row: &Row) -> Result<Vec<ClockSpan>, DbError> {
    let wrong = || row.inconsistent("roles", "is not a list of spans");
    let read = |record: &str| {
        let (began, ended) = record.split_once(FIELD)?;
        span(began, ended)
    };
    records(row.opt_str("roles")?).map(|record| read(record).ok_or_else(wrong)).collect()
}

fn records(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(RECORD).filter(|record| !record.is_empty())
}

fn span(began: &str, ended: &str) -> Option<ClockSpan> {
    let ended = if ended.is_empty() { None } else { Some(OrderClock(ended.parse().ok()?)) };
    Some(ClockSpan { began: OrderClock(began.parse().ok()?), ended })
}
