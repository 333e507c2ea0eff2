//! Envelopes: plain, odd and broken.
