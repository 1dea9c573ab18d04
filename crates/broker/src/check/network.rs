//! The first half of a test: from the address to something that answers as a GitLab. No token is sent here.

use gitlab::{
    Address, Anonymous, Authorities, Certificate, Error, Kind, NoProxy, Presented, Probe, Proxy, Route, Settings,
    instance_root,
};
use model::ConnectionName;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::time::timeout;
use url::Url;

use super::{CheckId, Ended, Remedy, STEP, Test};

/// A difference of clocks that makes signed tokens fail.
const SKEW: i64 = 30_000;
/// How often the address is corrected before it counts as hopeless: scheme and path, each once.
const CORRECTIONS: usize = 2;

/// What came of asking at an address.
enum Found {
    /// GitLab's root, and what it answered.
    Root(Url, Anonymous, i64),
    /// It is elsewhere: try this.
    Elsewhere(Url, &'static str),
}

impl Test<'_> {
    /// Goes to GitLab and answers with the settings that lead there.
    pub(super) async fn reach(&mut self) -> Result<Settings, Ended> {
        self.begin(CheckId::Address);
        let address = Address::parse(&self.draft.url)
            .map_err(|error| self.fail_with(CheckId::Address, "This is no address of a GitLab", &error))?;
        let mut notes = address.notes;
        self.url = Some(address.url.clone());
        let typed = address.url;
        // Without the path of a page or of the API; the rest of the path is asked for.
        let start = instance_root(&typed).into_iter().next().unwrap_or_else(|| typed.clone());
        let mut settings = self.settings(start)?;
        self.pass(CheckId::Address, described(&settings, &notes));
        for _ in 0..=CORRECTIONS {
            let before = self.checks.len();
            match self.go(&settings).await? {
                Found::Root(root, answer, asked) => {
                    self.corrected = root.as_str().trim_end_matches('/') != typed.as_str().trim_end_matches('/');
                    settings.url.clone_from(&root);
                    self.url = Some(root);
                    let left_out = left_out(&typed, &settings.url);
                    self.pass(CheckId::Gitlab, gitlab_detail(&answer, &left_out));
                    self.compare_clocks(&answer, asked);
                    return Ok(settings);
                }
                Found::Elsewhere(url, why) => {
                    // The way is gone anew; only the last one counts.
                    self.checks.truncate(before);
                    notes.push(why.to_owned());
                    self.url = Some(url.clone());
                    settings.url = url;
                }
            }
        }
        let remedy = Remedy::text("open the address in a browser and give the one that stays in its address line");
        self.fail(CheckId::Gitlab, "The address leads in a circle", notes.join("; "), remedy);
        Err(Ended)
    }

    /// Reads what was given beside the address; what cannot be read fails the check that needs it.
    fn settings(&mut self, url: Url) -> Result<Settings, Ended> {
        let draft = self.draft;
        // The real token is added when GitLab has answered: what goes the way before has none.
        let name = ConnectionName::parse("test").map_err(|_| Ended)?;
        let mut settings = Settings::new(name, url, SecretString::from("none"));
        Self::hasten(&mut settings);
        if let Some(ca) = &draft.ca {
            settings.authorities = Authorities::parse(ca)
                .map_err(|error| self.fail_with(CheckId::Tls, "The certificate authority cannot be used", &error))?;
        }
        if let Some(proxy) = &draft.proxy {
            let read = Proxy::parse(proxy.expose_secret());
            let proxy = read.map_err(|error| self.fail_with(CheckId::Proxy, "The proxy cannot be used", &error))?;
            settings.proxy = Some(proxy.with_credentials(draft.proxy_credentials.clone()));
        }
        settings.no_proxy = NoProxy::parse(draft.no_proxy.iter().map(String::as_str))
            .map_err(|error| self.fail_with(CheckId::Proxy, "The exceptions from the proxy cannot be read", &error))?;
        Ok(settings)
    }

    async fn go(&mut self, settings: &Settings) -> Result<Found, Ended> {
        let probe = Probe::new(settings)
            .map_err(|error| self.fail_with(CheckId::Address, "This is no address of a GitLab", &error))?;
        let proxied = matches!(probe.route(), Route::Through(_));

        self.begin(CheckId::Name);
        let resolved =
            timeout(STEP, probe.resolve()).await.unwrap_or_else(|_| Err(late("the name servers do not answer")));
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(error) => return Err(self.fail_on_way(CheckId::Name, &error)),
        };
        let address = resolved.addresses.first().map(|a| a.ip().to_string()).unwrap_or_default();
        let more = resolved.addresses.len().saturating_sub(1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        self.pass(
            CheckId::Name,
            match resolved.proxy {
                true if resolved.host == address => format!("the proxy {address} resolves GitLab's name itself"),
                true => format!("the proxy {} is {address}{more}; it resolves GitLab's name itself", resolved.host),
                false => format!("address {address}{more}"),
            },
        );

        self.begin(CheckId::Port);
        let connected = timeout(STEP, probe.connect(&resolved)).await;
        let stream = match connected.unwrap_or_else(|_| Err(late_port(settings, proxied))) {
            Ok(stream) => stream,
            Err(error) => return Err(self.fail_on_way(CheckId::Port, &error)),
        };
        let millis = self.step.elapsed().as_millis();
        self.pass(
            CheckId::Port,
            if proxied { format!("the proxy's, in {millis} ms") } else { format!("in {millis} ms") },
        );

        self.begin(CheckId::Proxy);
        let tunnelled = timeout(STEP, probe.tunnel(stream)).await;
        let stream = match tunnelled.unwrap_or_else(|_| Err(late("the proxy took the connection and never answered"))) {
            Ok(stream) => stream,
            Err(error) => return Err(self.fail_on_way(CheckId::Proxy, &error)),
        };
        if self.draft.proxy.is_some() {
            self.pass(
                CheckId::Proxy,
                match probe.route() {
                    Route::Through(proxy) => format!("through {}", proxy.shown()),
                    Route::Direct => "not used: noProxy names this host".to_owned(),
                },
            );
        }

        self.begin(CheckId::Tls);
        let secured = timeout(STEP, probe.handshake(stream)).await;
        match secured.unwrap_or_else(|_| Err(late("the server took the connection and never answered over TLS"))) {
            Ok(Some(shown)) => self.tell_certificate(&shown),
            Ok(None) => self.tell_clear(settings),
            Err(error) => return Err(self.fail_on_way(CheckId::Tls, &error)),
        }
        self.find_root(settings, &probe).await
    }

    /// A failure of the network, at the check that it belongs to.
    fn fail_on_way(&mut self, at: CheckId, error: &Error) -> Ended {
        let id = match error.kind {
            Kind::Proxy(_) => CheckId::Proxy,
            Kind::Certificate(_) => CheckId::Tls,
            _ => at,
        };
        let title = match (id, &error.kind) {
            (CheckId::Name, _) => "The name does not resolve",
            (CheckId::Port, _) => "The port does not open",
            (CheckId::Proxy, _) => "The proxy does not lead there",
            (CheckId::Tls, Kind::Certificate(Certificate::UnknownIssuer)) => {
                "The certificate's authority is not known here"
            }
            (CheckId::Tls, Kind::Certificate(Certificate::WrongHost)) => "The certificate is for another host",
            (CheckId::Tls, Kind::Certificate(Certificate::Expired)) => "The certificate has expired",
            (CheckId::Tls, Kind::Certificate(Certificate::NotTls)) => "This port does not speak TLS",
            (CheckId::Tls, _) => "The certificate is not accepted",
            _ => "Nothing answers at this address",
        };
        let mut error = error.clone();
        if error.kind == Kind::Certificate(Certificate::UnknownIssuer) {
            "get the authority's root certificate from whoever runs this GitLab, and give it in PEM: under Proxy and certificates \
             on the page, with --ca on the command line, as `ca` in the configuration file"
                .clone_into(&mut error.remedy);
        }
        self.fail_with(id, title, &error)
    }

    fn tell_certificate(&mut self, shown: &Presented) {
        let days = (shown.not_after - self.clock.now()) / 86_400_000;
        let detail = format!("signed by {}, valid to {}", shown.issuer, day(shown.not_after));
        if days < 14 {
            let title = format!("The certificate ends in {days} d");
            self.note(CheckId::Tls, &title, detail, Remedy::text("have GitLab's certificate renewed"));
        } else {
            self.pass(CheckId::Tls, detail);
        }
    }

    fn tell_clear(&mut self, settings: &Settings) {
        let local = matches!(settings.url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if local {
            self.pass(CheckId::Tls, "not encrypted, and does not leave this machine");
        } else {
            let remedy =
                Remedy::text("use https:// if this GitLab has it: whoever listens on the way can take the token");
            self.note(CheckId::Tls, "The connection is not encrypted", "the address begins with http://", remedy);
        }
    }

    /// Asks without a token at the address and, if that is not the root, where it may be.
    async fn find_root(&mut self, settings: &Settings, probe: &Probe) -> Result<Found, Ended> {
        self.begin(CheckId::Gitlab);
        let mut first: Option<Anonymous> = None;
        for root in instance_root(&settings.url) {
            let asked = self.clock.now();
            let answer = match timeout(STEP, probe.ask(&root))
                .await
                .unwrap_or_else(|_| Err(late("it took the question and never answered")))
            {
                Ok(answer) => answer,
                Err(error) => return Err(self.fail_on_way(CheckId::Gitlab, &error)),
            };
            if answer.gitlab {
                return Ok(Found::Root(root, answer, asked));
            }
            let encrypted = |url: &Url| {
                let mut url = url.clone();
                // http cannot be part of an https address's port.
                let port = url.port().filter(|_| answer.wants_tls);
                let set = url.set_scheme("https").and_then(|()| url.set_port(port));
                set.is_ok().then_some(url)
            };
            if settings.url.scheme() == "http" {
                if answer.wants_tls
                    && let Some(url) = encrypted(&settings.url)
                {
                    return Ok(Found::Elsewhere(url, "this port speaks TLS, so the address begins with https://"));
                }
                if let Some(location) = &answer.location
                    && location.scheme() == "https"
                    && location.host_str() == settings.url.host_str()
                {
                    let mut url = settings.url.clone();
                    let set = url.set_scheme("https").and_then(|()| url.set_port(location.port()));
                    if set.is_ok() {
                        return Ok(Found::Elsewhere(url, "http is redirected to https here"));
                    }
                }
            }
            first.get_or_insert(answer);
        }
        Err(self.no_gitlab(settings, first))
    }

    fn no_gitlab(&mut self, settings: &Settings, answer: Option<Anonymous>) -> Ended {
        let host = settings.url.host_str().unwrap_or_default().to_owned();
        let Some(answer) = answer else { return Ended };
        let elsewhere = answer.location.as_ref().filter(|to| to.host_str() != settings.url.host_str());
        let by = answer.server.as_ref().map_or_else(String::new, |server| format!(" ({server})"));
        if let Some(to) = elsewhere {
            let target = to.origin().ascii_serialization();
            let detail = format!("{host} redirects to {target}; the token was not sent there");
            let remedy = Remedy::text(if answer.sign_in {
                "this is a page to sign in at. Whoever runs it must let /api and /oauth pass to GitLab without it"
            } else {
                "if that is your GitLab, give this address instead"
            });
            let remedy = if answer.sign_in { remedy } else { remedy.copying(target) };
            self.fail(CheckId::Gitlab, "The address leads to another host", detail, remedy);
        } else if answer.sign_in {
            let detail = format!("{host}{by} answers /api with a page to sign in at");
            let remedy = Remedy::text(
                "whoever runs the sign-on before GitLab must let /api and /oauth pass without it; if this is no GitLab, correct \
                 the address",
            );
            self.fail(CheckId::Gitlab, "A page to sign in at answers instead of GitLab", detail, remedy);
        } else if answer.status >= 500 {
            let detail = format!("{host}{by} answers with status {}", answer.status);
            let remedy = Remedy::text(
                "GitLab is starting, down, or not reached by what stands before it; try again in a minute, then look at its logs",
            );
            self.fail(CheckId::Gitlab, "GitLab does not work at the moment", detail, remedy);
        } else {
            let detail =
                format!("{host}{by} answers /api/v4/version with status {} and nothing of GitLab's", answer.status);
            let remedy = Remedy::text(
                "check host and port: it must be the address at which a browser shows GitLab's sign-in page, without anything after \
                 it",
            );
            self.fail(CheckId::Gitlab, "This is no GitLab", detail, remedy);
        }
        Ended
    }

    fn compare_clocks(&mut self, answer: &Anonymous, asked: i64) {
        let Some(date) = answer.date else {
            let remedy = Remedy::text("nothing to do: GitLab's answers name no time, so it cannot be compared");
            self.note(CheckId::Clock, "The clocks cannot be compared", "no Date in the answer", remedy);
            return;
        };
        let ahead = Probe::ahead(self.clock.as_ref(), asked, date);
        let seconds = (ahead.abs() + 500) / 1000;
        if ahead.abs() <= SKEW {
            self.pass(
                CheckId::Clock,
                if seconds <= 1 { "to the second".to_owned() } else { format!("to {seconds} s") },
            );
            return;
        }
        let which = if ahead > 0 { "GitLab is ahead of this machine" } else { "this machine is ahead of GitLab" };
        let remedy = Remedy::text(
            "more than 30 s makes signed tokens fail. If it is this machine that is wrong, let it set its clock:",
        )
        .copying("timedatectl set-ntp true");
        self.note(CheckId::Clock, &format!("Clocks differ by {seconds} s"), which, remedy);
    }
}

fn late(what: &str) -> Error {
    Error::late(what, "check that no firewall drops packets, and that the port is the right one")
}

fn late_port(settings: &Settings, proxied: bool) -> Error {
    let port = settings.url.port_or_known_default().unwrap_or_default();
    let what =
        if proxied { "the proxy's port does not answer".to_owned() } else { format!("port {port} does not answer") };
    Error::late(&what, "a firewall drops the packets, or the host is down; behind a corporate proxy, name the proxy")
}

fn described(settings: &Settings, notes: &[String]) -> String {
    let host = settings.url.host_str().unwrap_or_default();
    let port = settings.url.port_or_known_default().unwrap_or_default();
    let notes = notes.iter().map(|note| format!("; {note}")).collect::<String>();
    format!("host {host}, port {port}{notes}")
}

fn left_out(typed: &Url, root: &Url) -> String {
    if typed.scheme() != root.scheme() {
        return format!("found at {root}");
    }
    let rest = typed.path().trim_matches('/').trim_start_matches(root.path().trim_matches('/')).trim_matches('/');
    if rest.is_empty() {
        String::new()
    } else {
        format!("the instance is {root}; {rest:?} lies below it and was left out")
    }
}

fn gitlab_detail(answer: &Anonymous, left_out: &str) -> String {
    if !left_out.is_empty() {
        return left_out.to_owned();
    }
    answer
        .server
        .as_ref()
        .map_or_else(|| "it speaks GitLab's API".to_owned(), |server| format!("it speaks GitLab's API ({server})"))
}

/// `4 March 2027`.
pub(super) fn day(at: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)) else { return "an unknown day".to_owned() };
    format!("{} {} {}", at.day(), at.month(), at.year())
}
