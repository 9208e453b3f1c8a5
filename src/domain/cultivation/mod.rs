//! cultivation
