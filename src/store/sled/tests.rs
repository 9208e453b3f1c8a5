use tempfile::TempDir;

use super::super::seal::Key;
use super::*;
use crate::store::contract::Backend;

fn sealer() -> Sealer {
    Sealer::new(&Key::new([5; 32]))
}

struct OnDisk(TempDir);

impl OnDisk {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
}

impl Backend for OnDisk {
    fn open(&self) -> Box<dyn Store> {
        let mut findings = Vec::new();
        let store = SledStore::open(&self.0.path().join("store"), sealer(), None, &mut findings);
        assert_eq!(findings, []);
        Box::new(store.unwrap())
    }
    fn keeps(&self) -> bool {
        true
    }
}

mod contract_suite {
    crate::store::contract::store_contract!(super::OnDisk::new());
}
