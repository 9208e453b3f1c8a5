//! Yearly reviews: the scheme that says by what grades, weights and days (述職評議考核、黨支部考核).

pub mod scheme;
