//! The client against servers that answer what GitLab, and what is not GitLab, may answer.

#[cfg(test)]
mod asking;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod tls;
