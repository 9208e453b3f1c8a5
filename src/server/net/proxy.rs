//! Whose address a request has when a proxy stands in front: only proxies named beforehand are believed.

use std::net::IpAddr;
use std::str::FromStr;

/// Addresses that begin alike: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// True if the address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(other)) => {
                let shift = 32_u32.saturating_sub(self.bits.into());
                let cut = |bits: u32| bits.checked_shr(shift).unwrap_or(0);
                cut(base.to_bits()) == cut(other.to_bits())
            }
            (IpAddr::V6(base), IpAddr::V6(other)) => {
                let shift = 128_u32.saturating_sub(self.bits.into());
                let cut = |bits: u128| bits.checked_shr(shift).unwrap_or(0);
                cut(base.to_bits()) == cut(other.to_bits())
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// What is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address or ADDRESS/BITS")]
pub struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (base, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let base: IpAddr = base.trim().parse().map_err(|_no_address| NoNetwork)?;
        let base = base.to_canonical();
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.trim().parse().map_err(|_no_number| NoNetwork)?,
            None => most,
        };
        if bits > most { Err(NoNetwork) } else { Ok(Self { base, bits }) }
    }
}

/// Returns where a request comes from: the connection's other end or, if that is a trusted proxy, the last address in
/// `X-Forwarded-For` that is no trusted proxy itself. Whatever stands further left anybody could have written.
pub(crate) fn origin(peer: IpAddr, trusted: &[Network], forwarded: &[&str]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut origin = peer.to_canonical();
    if !is_trusted(origin) {
        return origin;
    }
    let named = forwarded.iter().flat_map(|line| line.split(','));
    for entry in named.collect::<Vec<_>>().into_iter().rev() {
        let Ok(address) = entry.trim().parse::<IpAddr>() else { return origin };
        origin = address.to_canonical();
        if !is_trusted(origin) {
            return origin;
        }
    }
    origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_about_the_last_hop() {
        let trusted: Vec<Network> = ["10.0.0.0/8", "::1"].map(|t| t.parse().unwrap()).into();
        let from = |peer: &str, lines: &[&str]| origin(ip(peer), &trusted, lines).to_string();
        assert_eq!(from("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "nobody's word");
        assert_eq!(from("10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            from("10.1.2.3", &["6.6.6.6, 198.51.100.1"]),
            "198.51.100.1",
            "forged left part"
        );
        assert_eq!(from("10.1.2.3", &["6.6.6.6", "198.51.100.1, 10.9.9.9"]), "198.51.100.1");
        assert_eq!(from("10.1.2.3", &["nonsense"]), "10.1.2.3");
        assert_eq!(from("10.1.2.3", &[]), "10.1.2.3");
        assert_eq!(from("::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(from("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn networks_are_read_as_people_write_them() {
        assert!("10.0.0.0/33".parse::<Network>().is_err());
        assert!("example".parse::<Network>().is_err());
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains(ip("8.8.8.8")));
        assert!(!"10.0.0.7".parse::<Network>().unwrap().contains(ip("10.0.0.8")));
        assert!("fd00::/8".parse::<Network>().unwrap().contains(ip("fd12::1")));
    }
}
