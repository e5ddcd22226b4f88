//! Stopping a flow between two of its statements, so that another one runs to its end in between. Nothing sleeps.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecluse::flows::step::{Step, Steps};
use tokio::sync::Semaphore;

/// Stops the first arrival at the step it was set to; all others pass.
#[derive(Clone)]
pub(crate) struct Stop(Arc<Inner>);

struct Inner {
    at: Mutex<Option<Step>>,
    arrived: Semaphore,
    released: Semaphore,
}

impl Stop {
    pub(crate) fn new() -> Self {
        let (arrived, released) = (Semaphore::new(0), Semaphore::new(0));
        Self(Arc::new(Inner { at: Mutex::new(None), arrived, released }))
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

    async fn pass(self, step: Step) {
        let stops = self.0.at.lock().unwrap().take_if(|at| *at == step).is_some();
        if stops {
            self.0.arrived.add_permits(1);
            self.0.released.acquire().await.unwrap().forget();
        }
    }
}
