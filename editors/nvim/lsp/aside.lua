-- The server for `vim.lsp.config`, which merges what you set by `vim.lsp.config('aside', { … })` over it.
return require('aside.lsp').config()
