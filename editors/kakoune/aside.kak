evaluate-commands %sh{kak-lsp}

# All servers of a file type are named at once: kak-lsp opens a file for those that it knows of at the first moment.
# Its own defaults, which this replaces, stand in its `servers.kak`.
hook -group aside global BufSetOption filetype=rust %{
    set-option buffer lsp_servers %{
        [rust-analyzer]
        root_globs = ["Cargo.toml"]
        [aside]
        root_globs = ["Cargo.toml", ".git"]
        args = ["lsp"]
    }
}
hook -group aside global BufSetOption filetype=(?:markdown|diff|git-commit|sh|toml|yaml|sql) %{
    set-option buffer lsp_servers %{
        [aside]
        root_globs = [".git"]
        args = ["lsp"]
    }
}

lsp-enable

define-command aside-chat -docstring 'a new conversation of this workspace' %{
    lsp-execute-command aside.chat.document '[{"new": true}]' aside
}
