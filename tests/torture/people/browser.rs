//! A browser whose requests may be lost, and which goes to whichever replica it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecluse::domain::secret::Secret;
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Url};

use crate::browser::Page;
use crate::torture::history::Held;

/// No answer came, or one that says that nobody knows.
pub(crate) struct Lost;

/// The way to each replica, and the name under which the provider is known.
#[derive(Clone)]
pub(crate) struct Fronts {
    pub(crate) ports: Vec<u16>,
    pub(crate) issuer: String,
    pub(crate) http: Client,
}

impl Fronts {
    pub(crate) fn new(ports: Vec<u16>, issuer: &str) -> Self {
        let http =
            Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(20)).build().unwrap();
        Self { ports, issuer: issuer.to_owned(), http }
    }

    /// The address at a replica.
    pub(crate) fn at(&self, replica: u8, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[usize::from(replica)])
    }
}

/// Sends a request and reads all of the answer.
pub(crate) async fn answer(request: RequestBuilder) -> Result<Page, Lost> {
    let answered = read(request).await;
    if answered.is_err() {
        // Whoever is refused at once would ask again at once.
        tokio::time::sleep(PAUSE).await;
    }
    answered
}

const PAUSE: Duration = Duration::from_millis(100);

async fn read(request: RequestBuilder) -> Result<Page, Lost> {
    let response = request.send().await.map_err(|_| Lost)?;
    let (status, url, headers) = (response.status(), response.url().to_string(), response.headers().clone());
    let body = response.text().await.map_err(|_| Lost)?;
    if status.is_server_error() { Err(Lost) } else { Ok(Page { status, url, headers, body }) }
}

/// A person's browser.
#[derive(Clone)]
pub(crate) struct Browser {
    fronts: Fronts,
    cookies: Arc<Mutex<Cookies>>,
}

type Cookies = BTreeMap<String, String>;

/// One of its tabs. It goes on with the cookies that were there when it was opened, as a request that is under way does,
/// so that what was shown in a request is known.
#[derive(Clone)]
pub(crate) struct Tab {
    browser: Browser,
    cookies: Cookies,
}

impl Browser {
    pub(crate) fn new(fronts: &Fronts) -> Self {
        Self { fronts: fronts.clone(), cookies: Arc::default() }
    }

    /// Another with the cookies of a tab.
    pub(crate) fn stolen(tab: Tab) -> Self {
        Self { fronts: tab.browser.fronts, cookies: Arc::new(Mutex::new(tab.cookies)) }
    }

    pub(crate) fn tab(&self) -> Tab {
        Tab { browser: self.clone(), cookies: self.cookies.lock().unwrap().clone() }
    }

    /// Its owner throws away what it holds.
    pub(crate) fn forget(&self) {
        self.cookies.lock().unwrap().clear();
    }
}

impl Tab {
    /// What it holds, as the database knows it.
    pub(crate) fn held(&self) -> Option<Held> {
        let named = |name| self.cookies.get(name).map(|value| Secret::new(value.clone()).hash());
        named("ecluse_session").map(Held::Session).or_else(|| named("ecluse_pending").map(Held::Page))
    }

    pub(crate) fn session(&self) -> Option<String> {
        match self.held() {
            Some(Held::Session(session)) => Some(session),
            Some(Held::Page(_)) | None => None,
        }
    }

    pub(crate) async fn get(&mut self, replica: u8, path: &str) -> Result<Page, Lost> {
        self.send(self.browser.fronts.http.get(self.browser.fronts.at(replica, path))).await
    }

    /// Goes to a page and on as long as it leads on.
    pub(crate) async fn go(&mut self, replica: u8, path: &str) -> Result<Page, Lost> {
        let mut page = self.get(replica, path).await?;
        for _ in 0..8 {
            let Some(next) = leads_to(&page) else { return Ok(page) };
            page = self.get(replica, &next).await?;
        }
        Err(Lost) // as a browser says, too many redirects
    }

    /// Fills in and sends a form of a page.
    pub(crate) async fn submit(
        &mut self,
        replica: u8,
        (action, hidden): (String, Vec<(String, String)>),
        fields: &[(&str, &str)],
    ) -> Result<Page, Lost> {
        let mut form = hidden;
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let fronts = &self.browser.fronts;
        let request =
            fronts.http.post(fronts.at(replica, &action)).header(ORIGIN, &fronts.issuer).form(&form);
        self.send(request).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Result<Page, Lost> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let page = answer(request.header(COOKIE, cookies.join("; "))).await?;
        keep(&mut self.cookies, &page);
        keep(&mut self.browser.cookies.lock().unwrap(), &page);
        Ok(page)
    }
}

fn keep(cookies: &mut Cookies, page: &Page) {
    for set in page.headers.get_all(SET_COOKIE) {
        let set = set.to_str().unwrap();
        let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
        if value.is_empty() || set.contains("Max-Age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// Where a page leads on to at the provider: path and query.
pub(crate) fn leads_to(page: &Page) -> Option<String> {
    let location = page.location()?;
    let (here, there) = (Url::parse(&page.url).unwrap(), Url::parse(&location).unwrap());
    (here.origin() == there.origin()).then(|| {
        let query = there.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", there.path())
    })
}
