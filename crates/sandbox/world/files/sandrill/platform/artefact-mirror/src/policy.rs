//! Which version is served. Ages are whole days since publication.

pub struct Rules {
    pub minimum_age_days: u32,
    pub exempt: Vec<String>,
}

impl Rules {
    pub fn allows(&self, package: &str, age_days: u32) -> bool {
        age_days >= self.minimum_age_days || self.exempt.iter().any(|prefix| package.starts_with(prefix))
    }
}
