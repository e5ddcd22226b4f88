//! Whom an order covers, how and when, as it is written on a command line.

use std::time::Duration;

use clap::ValueEnum;
use jiff::tz::TimeZone;

use crate::cli::instant;
use crate::cli::printer::Failure;
use crate::domain::length;
use crate::domain::level::Level;
use crate::domain::profile::Profile;
use crate::domain::territory::TerritoryCode;
use crate::flows::reset_order::issue::Proposal;

/// Whom, how and when.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Whom {
    /// The place, with everything below it: academie:13, departement:086, uai:0860001J, class:0860001J/6A.
    #[arg(long, value_name = "TERRITORY", value_parser = TerritoryCode::parse)]
    territory: TerritoryCode,
    /// change: the old password still opens the change page. recover: it opens nothing, only a code does.
    #[arg(long, value_name = "LEVEL")]
    level: Level,
    #[command(flatten)]
    rest: Rest,
}

/// What is to be otherwise. What is not named stays.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Changes {
    /// Another place, with everything below it.
    #[arg(long, value_name = "TERRITORY", value_parser = TerritoryCode::parse)]
    territory: Option<TerritoryCode>,
    /// Another level.
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,
    #[command(flatten)]
    rest: Rest,
    /// Takes something out of the order; may be given more than once.
    #[arg(long, value_name = "WHAT", value_enum)]
    without: Vec<Part>,
}

/// What an order may say besides.
#[derive(Debug, clap::Args)]
struct Rest {
    /// Only people of this profile, such as `National_ELV`; may be given more than once. Everybody when absent.
    #[arg(long = "profile", value_name = "PROFILE")]
    profiles: Vec<Profile>,
    /// Spares people: never-activated, changed-since=DATE, reset-by-school=DATE, no-local-password (always spared).
    #[arg(long = "exclude", value_name = "WHO")]
    exclusions: Vec<String>,
    /// An operator who is not left out, by login; may be given more than once.
    #[arg(long = "include-operator", value_name = "LOGIN")]
    operators: Vec<String>,
    /// When it comes into force; at once when absent. 2024-04-13T08:00 in the deployment's zone, or with an offset.
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
    /// By when everybody should have changed; change is then recover for those who hold a code.
    #[arg(long, value_name = "INSTANT")]
    deadline: Option<String>,
    /// For how many days its codes open the change page, such as 14d; as codes.lifetime says when it begins, when absent.
    #[arg(long, value_name = "DAYS", value_parser = days)]
    code_lifetime: Option<Duration>,
    /// Writes a draft of the same order for the next year once this one is let go.
    #[arg(long)]
    yearly: bool,
}

/// What can be taken out of an order, as the option is called that puts it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Profile,
    Exclude,
    IncludeOperator,
    At,
    Deadline,
    CodeLifetime,
    Yearly,
}

fn days(text: &str) -> Result<Duration, String> {
    let read =
        length::parse(text).ok().filter(|length| length::whole_days(*length).is_some_and(|days| days > 0));
    read.ok_or_else(|| "write a whole number of days, such as 14d".to_owned())
}

impl Whom {
    pub(super) fn proposal(self, zone: &TimeZone) -> Result<Proposal, Failure> {
        let nothing_else = Proposal {
            territory: self.territory,
            profiles: [].into(),
            level: self.level,
            never_activated: false,
            changed_since: None,
            reset_by_school_since: None,
            named_operators: Vec::new(),
            at: None,
            deadline: None,
            code_lifetime: None,
            repeats: false,
        };
        self.rest.added_to(nothing_else, zone)
    }
}

impl Changes {
    /// Whether nothing is to be otherwise.
    pub(super) fn is_empty(&self) -> bool {
        let says = Part::value_variants().iter().any(|part| self.rest.says(*part));
        self.territory.is_none() && self.level.is_none() && self.without.is_empty() && !says
    }

    /// What the order says from then on that said this.
    pub(super) fn made_in(self, mut proposal: Proposal, zone: &TimeZone) -> Result<Proposal, Failure> {
        for part in &self.without {
            if self.rest.says(*part) {
                let name =
                    part.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
                return Err(Failure::usage(format_args!(
                    "--{name} and --without {name} contradict each other"
                )));
            }
            part.take_out_of(&mut proposal);
        }
        proposal.territory = self.territory.unwrap_or(proposal.territory);
        proposal.level = self.level.unwrap_or(proposal.level);
        self.rest.added_to(proposal, zone)
    }
}

impl Part {
    fn take_out_of(self, proposal: &mut Proposal) {
        match self {
            Self::Profile => proposal.profiles.clear(),
            Self::Exclude => {
                proposal.never_activated = false;
                proposal.changed_since = None;
                proposal.reset_by_school_since = None;
            }
            Self::IncludeOperator => proposal.named_operators.clear(),
            Self::At => proposal.at = None,
            Self::Deadline => proposal.deadline = None,
            Self::CodeLifetime => proposal.code_lifetime = None,
            Self::Yearly => proposal.repeats = false,
        }
    }
}

impl Rest {
    const fn says(&self, part: Part) -> bool {
        match part {
            Part::Profile => !self.profiles.is_empty(),
            Part::Exclude => !self.exclusions.is_empty(),
            Part::IncludeOperator => !self.operators.is_empty(),
            Part::At => self.at.is_some(),
            Part::Deadline => self.deadline.is_some(),
            Part::CodeLifetime => self.code_lifetime.is_some(),
            Part::Yearly => self.yearly,
        }
    }

    /// A list that is named takes the place of the one there was.
    fn added_to(self, mut proposal: Proposal, zone: &TimeZone) -> Result<Proposal, Failure> {
        let instant = |text: &str| instant::read(text, zone).map_err(Failure::usage);
        if self.says(Part::Profile) {
            proposal.profiles = self.profiles.into_iter().collect();
        }
        if !self.operators.is_empty() {
            proposal.named_operators = self.operators;
        }
        if let Some(at) = &self.at {
            proposal.at = Some(instant(at)?);
        }
        if let Some(deadline) = &self.deadline {
            proposal.deadline = Some(instant(deadline)?);
        }
        proposal.code_lifetime = self.code_lifetime.or(proposal.code_lifetime);
        proposal.repeats |= self.yearly;
        if !self.exclusions.is_empty() {
            Part::Exclude.take_out_of(&mut proposal);
        }
        for exclusion in &self.exclusions {
            match exclusion.split_once('=') {
                None if exclusion == "never-activated" => proposal.never_activated = true,
                None if exclusion == "no-local-password" => {}
                Some(("changed-since", date)) => proposal.changed_since = Some(instant(date)?),
                Some(("reset-by-school", date)) => proposal.reset_by_school_since = Some(instant(date)?),
                _ => {
                    return Err(Failure::usage(format_args!(
                        "--exclude {exclusion} is unknown; write never-activated, changed-since=DATE, \
                         reset-by-school=DATE or no-local-password"
                    )));
                }
            }
        }
        Ok(proposal)
    }
}
