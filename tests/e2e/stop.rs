//! Stopping a flow between two of its statements, so that another one runs to its end in between. Nothing sleeps.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecluse::flows::step::{Step, Steps};
use tokio::sync::Semaphore;

tokio::task_local! {
    /// What runs under this is what is to be stopped, and nothing that the provider does beside it.
    static WATCHED: ();
}

/// Stops the first arrival at the step it was set to; all others pass.
#[derive(Clone)]
pub(crate) struct Stop(Arc<Inner>);

struct Inner {
    at: Mutex<Option<Step>>,
    /// Whether only what is watched is stopped.
    only_watched: AtomicBool,
    arrived: Semaphore,
    released: Semaphore,
}

impl Stop {
    pub(crate) fn new() -> Self {
        let (arrived, released) = (Semaphore::new(0), Semaphore::new(0));
        Self(Arc::new(Inner {
            at: Mutex::new(None),
            only_watched: AtomicBool::new(false),
            arrived,
            released,
        }))
    }

    /// To be given to the provider.
    pub(crate) fn steps(&self) -> Steps {
        let stop = self.clone();
        Steps::paused_by(move |step| stop.clone().pass(step))
    }

    /// Runs `stopped` until it arrives at the step, then `other` to its end, then `stopped` to its end.
    pub(crate) async fn between<T, U>(
        &self,
        step: Step,
        stopped: impl Future<Output = T>,
        other: impl Future<Output = U>,
    ) -> (T, U) {
        *self.0.at.lock().unwrap() = Some(step);
        tokio::join!(stopped, async {
            let arrival = tokio::time::timeout(Duration::from_secs(20), self.0.arrived.acquire());
            arrival.await.unwrap_or_else(|_| panic!("nobody arrived at {step:?}")).unwrap().forget();
            let answer = other.await;
            self.0.released.add_permits(1);
            answer
        })
    }

    /// The same for a flow that is called here and not by a request, at its first batch: jobs of the provider pass.
    pub(crate) fn before_batch<'a, T: 'a, U: 'a>(
        &'a self,
        stopped: impl Future<Output = T> + 'a,
        other: impl Future<Output = U> + 'a,
    ) -> Pin<Box<dyn Future<Output = (T, U)> + 'a>> {
        self.0.only_watched.store(true, Ordering::Relaxed);
        Box::pin(self.between(Step::BatchDecided, WATCHED.scope((), stopped), other))
    }

    async fn pass(self, step: Step) {
        if self.0.only_watched.load(Ordering::Relaxed) && WATCHED.try_with(|()| ()).is_err() {
            return;
        }
        let stops = self.0.at.lock().unwrap().take_if(|at| *at == step).is_some();
        if stops {
            self.0.arrived.add_permits(1);
            self.0.released.acquire().await.unwrap().forget();
        }
    }
}
