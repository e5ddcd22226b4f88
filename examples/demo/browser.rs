//! A browser without a screen: cookies, and forms as they are on the page.

use ::ecluse::cli::printer::Failure;
use reqwest::header::{HeaderMap, LOCATION, ORIGIN};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, StatusCode, Url};

/// Somebody's browser, at one provider.
pub struct Browser {
    http: reqwest::Client,
    issuer: String,
}

/// What was answered.
pub struct Page {
    /// The status line's number.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
    url: Url,
}

impl Browser {
    /// A browser that was never at this provider.
    pub fn new(issuer: &str) -> Result<Self, Failure> {
        Ok(Self { http: http().cookie_store(true).build()?, issuer: issuer.to_owned() })
    }

    /// Goes to an address of the provider and follows redirects as long as they stay there. The last answer is a page,
    /// or the redirect that leaves.
    pub async fn go(&self, address: &str) -> Result<Page, Failure> {
        let mut page = self.look(address).await?;
        while let Some(next) = page.location().filter(|next| next.as_str().starts_with(&self.issuer)) {
            page = self.look(next.as_str()).await?;
        }
        Ok(page)
    }

    /// The same without following.
    pub async fn look(&self, address: &str) -> Result<Page, Failure> {
        let url = Url::parse(&self.issuer)?.join(address)?;
        send(self.http.get(url)).await
    }

    /// Types login and password, or code, on the sign-in page.
    pub async fn sign_in(&self, page: &Page, login: &str, password: &str) -> Result<Page, Failure> {
        self.submit(page, "/login", &[("login", login), ("password", password)]).await
    }

    /// Types the new password twice on the change page, and the old one where it is asked for.
    pub async fn change(&self, page: &Page, current: &str, new: &str) -> Result<Page, Failure> {
        let typed = [("current_password", current), ("new_password", new), ("confirmation", new)];
        let asked = usize::from(!page.asks("current_password"));
        self.submit(page, "/password", &typed[asked..]).await
    }

    /// Signs in with a code and chooses a password, as people do in September.
    pub async fn activate(&self, login: &str, code: &str, password: &str) -> Result<(), Failure> {
        let page = self.sign_in(&self.go("/login").await?, login, code).await?;
        let page = self.change(&page, "", password).await?;
        page.expect("continue", &format!("{login} could not choose a password"))
    }

    async fn submit(&self, page: &Page, action_ends: &str, typed: &[(&str, &str)]) -> Result<Page, Failure> {
        let Some((action, csrf)) = page.form(action_ends) else {
            return Err(Failure::failed(format_args!(
                "{} has no form for {action_ends} ({})",
                page.url, page.status
            )));
        };
        let mut form = vec![("csrf", csrf)];
        form.extend(typed);
        let sent =
            send(self.http.post(page.url.join(action)?).header(ORIGIN, &self.issuer).form(&form)).await?;
        match sent.location() {
            Some(next) if next.as_str().starts_with(&self.issuer) => self.go(next.as_str()).await,
            _ => Ok(sent),
        }
    }
}

impl Page {
    /// Where it redirects to.
    pub fn location(&self) -> Option<Url> {
        self.url.join(self.headers.get(LOCATION)?.to_str().ok()?).ok()
    }

    /// A parameter of the redirect.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let location = self.location()?;
        location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Whether there is an element of this id.
    pub fn asks(&self, id: &str) -> bool {
        self.body.contains(&format!("id=\"{id}\""))
    }

    /// Fails with these words if there is no element of this id.
    pub fn expect(&self, id: &str, otherwise: &str) -> Result<(), Failure> {
        if self.asks(id) {
            return Ok(());
        }
        Err(Failure::failed(format_args!("{otherwise}: {} answered {}", self.url, self.status)))
    }

    /// The action and the hidden value of the form whose action ends as given.
    fn form(&self, action_ends: &str) -> Option<(&str, &str)> {
        let mut forms = self.body.split("<form").skip(1);
        forms.find_map(|form| {
            let action = attribute(form, "action").filter(|action| action.ends_with(action_ends))?;
            let hidden = &form[form.find("name=\"csrf\"")?..];
            Some((action, attribute(hidden, "value")?))
        })
    }
}

/// The first attribute of this name. The values looked for are paths and tokens, which HTML has no need to escape.
fn attribute<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let start = html.find(&format!("{name}=\""))? + name.len() + 2;
    html[start..].split('"').next()
}

/// An HTTP client that follows nothing, and no proxy: everything is on this machine.
pub fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().redirect(Policy::none()).no_proxy()
}

/// Sends a request and reads the answer to its end.
pub async fn send(request: RequestBuilder) -> Result<Page, Failure> {
    let response = request.send().await?;
    let (status, url, headers) = (response.status(), response.url().clone(), response.headers().clone());
    Ok(Page { status, headers, url, body: response.text().await? })
}
