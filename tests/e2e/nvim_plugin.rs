//! The plugin of `editors/nvim` in real Neovims: typed keys in, what a person sees out.

mod kit;

mod chat;
mod edit;
mod ghost;
mod guide;
mod pure;
mod server;
mod start;
