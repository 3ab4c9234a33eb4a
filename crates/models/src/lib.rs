//! The networks of Splatsmith, on candle, and the store of their weights.

#![forbid(unsafe_code)]
