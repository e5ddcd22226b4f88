//! A browser without a screen: cookies, forms as they are on the page, and no redirect that a test did not follow.

use std::sync::Arc;

use reqwest::cookie::Jar;
use reqwest::header::{LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};

use crate::heard;

/// A person's browser.
pub(crate) struct Browser {
    client: Client,
    jar: Arc<Jar>,
    issuer: String,
}

/// A page that was answered.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) url: String,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new(issuer: &str) -> Self {
        let jar = Arc::new(Jar::default());
        let client =
            Client::builder().cookie_provider(Arc::clone(&jar)).redirect(Policy::none()).build().unwrap();
        Self { client, jar, issuer: issuer.to_owned() }
    }

    /// Goes to an address and follows redirects as long as they stay at the provider. The last answer is a page, or the
    /// redirect that leaves.
    pub(crate) async fn go(&self, address: &str) -> Page {
        let mut page = self.get(address).await;
        while let Some(next) = page.location().filter(|next| next.starts_with(&self.issuer)) {
            page = self.get(&next).await;
        }
        page
    }

    pub(crate) async fn get(&self, address: &str) -> Page {
        let url = self.absolute(address);
        Page::read(self.client.get(url).send().await.unwrap()).await
    }

    /// Fills in and sends the form of a page whose action ends as given, hidden fields included, and follows.
    pub(crate) async fn submit(&self, page: &Page, action_ends: &str, fields: &[(&str, &str)]) -> Page {
        let sent = self.send(page, action_ends, fields).await;
        match sent.location().filter(|next| next.starts_with(&self.issuer)) {
            Some(next) => self.go(&next).await,
            None => sent,
        }
    }

    /// Sends the form and follows nothing.
    pub(crate) async fn send(&self, page: &Page, action_ends: &str, fields: &[(&str, &str)]) -> Page {
        let (action, mut form) =
            page.form(action_ends).unwrap_or_else(|| panic!("no form {action_ends} on {}", page.body));
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(&action, &form).await
    }

    pub(crate) async fn post(&self, address: &str, form: &[(String, String)]) -> Page {
        heard::keep_fields(form.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let request = self.client.post(self.absolute(address)).header(ORIGIN, &self.issuer).form(form);
        Page::read(request.send().await.unwrap()).await
    }

    /// The same from a page of somebody else.
    pub(crate) async fn post_from(&self, origin: &str, address: &str, form: &[(String, String)]) -> Page {
        heard::keep_fields(form.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let request = self.client.post(self.absolute(address)).header(ORIGIN, origin).form(form);
        Page::read(request.send().await.unwrap()).await
    }

    /// Types login and password on the sign-in page.
    pub(crate) async fn sign_in(&self, page: &Page, login: &str, password: &str) -> Page {
        self.submit(page, "/login", &[("login", login), ("password", password)]).await
    }

    /// Types the new password twice on the change page.
    pub(crate) async fn change(&self, page: &Page, current: &str, new: &str) -> Page {
        let fields = [("current_password", current), ("new_password", new), ("confirmation", new)];
        self.submit(page, "/password", &fields).await
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The same person with one more cookie, which only a race or a thief could have put there.
    pub(crate) fn with_cookie(&self, name: &str, value: &str) -> Self {
        self.jar.add_cookie_str(&format!("{name}={value}; Path=/"), &Url::parse(&self.issuer).unwrap());
        Self { client: self.client.clone(), jar: Arc::clone(&self.jar), issuer: self.issuer.clone() }
    }

    fn absolute(&self, address: &str) -> String {
        if address.starts_with("http") { address.to_owned() } else { format!("{}{address}", self.issuer) }
    }
}

impl Page {
    async fn read(response: Response) -> Self {
        let status = response.status();
        let url = response.url().to_string();
        let headers = response.headers().clone();
        let page = Self { status, url, headers, body: response.text().await.unwrap() };
        page.keep();
        page
    }

    /// What the page gives that is nobody else's business: cookies, codes that are handed over or sent on.
    fn keep(&self) {
        let set = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let values = set.filter_map(|set| set.split(';').next()?.split_once('='));
        values.for_each(|(_, value)| heard::keep(value));
        for name in ["code", "id_token", "access_token"] {
            self.parameter(name).iter().for_each(|value| heard::keep(value));
        }
        let shown =
            self.body.split("<code").skip(1).filter_map(|rest| rest.split('>').nth(1)?.split('<').next());
        let is_code = |text: &&str| {
            text.contains('-')
                && text.bytes().all(|it| it == b'-' || it.is_ascii_uppercase() || it.is_ascii_digit())
        };
        shown.filter(is_code).for_each(heard::keep_code);
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of a cookie that the answer sets.
    pub(crate) fn cookie(&self, name: &str) -> String {
        let mut set = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let value = set.find_map(|set| set.strip_prefix(name)?.strip_prefix('='));
        value
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    }

    /// Where it redirects to, made absolute.
    pub(crate) fn location(&self) -> Option<String> {
        let location = self.headers.get(LOCATION)?.to_str().unwrap();
        Some(Url::parse(&self.url).unwrap().join(location).unwrap().to_string())
    }

    /// A parameter of the redirect.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(&self.location()?).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The names of the parameters of the redirect, in their order.
    pub(crate) fn parameters(&self) -> Vec<String> {
        let url = Url::parse(&self.location().unwrap()).unwrap();
        url.query_pairs().map(|(key, _)| key.into_owned()).collect()
    }

    /// Whether this is the page with that form.
    pub(crate) fn is_sign_in(&self) -> bool {
        self.body.contains("id=\"sign-in\"")
    }

    /// Whether this is the page where a new password is chosen.
    pub(crate) fn is_change(&self) -> bool {
        self.body.contains("id=\"new_password\"")
    }

    /// Whether this is the page that says a change was made.
    pub(crate) fn is_success(&self) -> bool {
        self.body.contains("id=\"continue\"")
    }

    /// The link on of the success page.
    pub(crate) fn on(&self) -> String {
        let at = self.body.find("id=\"continue\"").unwrap();
        let start = self.body[..at].rfind("<a").unwrap();
        let tag = &self.body[start..start + self.body[start..].find('>').unwrap()];
        unescape(attribute(tag, "href").unwrap())
    }

    /// The hidden fields of the form whose action ends as given.
    pub(crate) fn fields(&self, action_ends: &str) -> Vec<(String, String)> {
        self.form(action_ends).unwrap().1
    }

    /// The address that the form is sent to, without its query.
    pub(crate) fn action(&self, action_ends: &str) -> String {
        self.form(action_ends).unwrap().0.split('?').next().unwrap().to_owned()
    }

    /// The action and hidden fields of the form whose action, without its query, ends as given.
    pub(crate) fn form(&self, action_ends: &str) -> Option<(String, Vec<(String, String)>)> {
        let form = self.body.split("<form").skip(1).find(|form| {
            attribute(form, "action")
                .is_some_and(|action| action.split('?').next().unwrap().ends_with(action_ends))
        })?;
        let form = form.split("</form>").next().unwrap();
        let action = unescape(attribute(form, "action").unwrap());
        let hidden = form.split("<input").skip(1).filter(|input| attribute(input, "type") == Some("hidden"));
        let fields = hidden.map(|input| {
            let value = attribute(input, "value").unwrap_or_default();
            (attribute(input, "name").unwrap().to_owned(), unescape(value))
        });
        Some((action, fields.collect()))
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[start..].split('"').next()
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
}
