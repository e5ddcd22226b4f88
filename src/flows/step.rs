//! Points between two statements at which a test may stop a flow, let another one run, and let it go on. In the running
//! program every point is passed at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A point between two statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Sign-in: the account was read, the password not yet hashed.
    SignInLoaded,
    /// Sign-in: the password was verified, nothing decided.
    SignInVerified,
    /// Sign-in: the gate was asked, nothing written.
    SignInDecided,
    /// Change: the proof was verified, nothing decided.
    ChangeVerified,
    /// Change: the new password was hashed, nothing decided.
    ChangeHashed,
    /// Change: decided, nothing written.
    ChangeDecided,
    /// Authorize: the gate was open, no code written.
    CodeDecided,
    /// Code exchange: the gate was open, no grant written.
    ExchangeDecided,
    /// A client: its assertion was verified, not yet used up.
    AssertionVerified,
    /// Client credentials: the gate was open, no token written.
    ClientCredentialsDecided,
    /// Refresh: the gate was open, no token written.
    RefreshDecided,
    /// Order: decided, nothing written.
    OrderDecided,
    /// An act on selected people: decided, nothing written.
    DeedDecided,
    /// Whatever is decided and then written: its batch has not begun.
    BatchDecided,
    /// A second factor: decided, nothing written.
    FactorDecided,
    /// Slips: decided for a few people, nothing written.
    SlipsDecided,
    /// Relying parties are told: something is due, nothing taken in hand.
    NoticesGiveWay,
    /// An order is told to a relying party: a page was decided, nothing written.
    OrderPageDecided,
    /// Import: one batch of people applied, the next not begun.
    ImportBatchApplied,
}

type Pause = dyn Fn(Step) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// What happens at each point: nothing, but in a test.
#[derive(Clone, Default)]
pub struct Steps(Option<Arc<Pause>>);

impl Steps {
    /// Calls `pause` at each point and waits for what it returns.
    pub fn paused_by<F: Future<Output = ()> + Send + 'static>(
        pause: impl Fn(Step) -> F + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(move |step| Box::pin(pause(step)))))
    }

    /// Passes a point.
    pub async fn at(&self, step: Step) {
        if let Some(pause) = &self.0 {
            pause(step).await;
        }
    }
}
